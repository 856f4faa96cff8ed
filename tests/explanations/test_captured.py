"""A store gives each window once, says why it was kept, and knows what it is not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explanations.records import NeuronRef, RecordKind, Split, deal, slices
from explanations.stores.layout import WINDOWS, Window, WindowTable, mapped_arrays, write_arrays
from explanations.stores.reader import CaptureConfig, Keep, StoreError, open_store
from tests.explanations.test_capture import captured, letters

VOWELS = NeuronRef(layer=0, index=0)
ROWS = st.lists(st.tuples(st.text(max_size=5), st.lists(st.text(max_size=4), min_size=1)))


@given(st.integers(0, 700), st.sampled_from([8, 16, 64, 128]))
def test_slices_cover_a_document_once_and_none_is_a_stub(tokens: int, window: int) -> None:
    cuts = slices(tokens, window)
    assert [n for start, stop in cuts for n in range(start, stop)] == list(range(tokens))
    assert all(start % 8 == 0 and stop - start <= window for start, stop in cuts)
    if tokens >= 16 and window > 8:
        assert min(stop - start for start, stop in cuts) >= 8


def test_slices_share_where_the_last_would_be_a_stub() -> None:
    assert slices(67, 64) == [(0, 32), (32, 67)]
    assert slices(72, 64) == [(0, 64), (64, 72)]
    assert slices(5, 64) == [(0, 5)]
    assert slices(0, 64) == []


@given(st.text(), st.integers())
def test_a_document_is_always_dealt_alike(key: str, seed: int) -> None:
    assert deal(key, seed) == deal(key, seed)


def test_documents_are_dealt_in_the_stated_shares_and_seeds_differ() -> None:
    keys = [f"document-{n}" for n in range(4000)]
    dealt = [deal(key, 1) for key in keys]
    shares = [dealt.count(split) / len(keys) for split in Split]
    # the standard error of a share of .5 over 4,000 draws is .008
    assert shares == pytest.approx([0.5, 0.15, 0.35], abs=0.03)
    assert dealt != [deal(key, 2) for key in keys]


def windows_of(rows: list[tuple[str, list[str]]]) -> list[Window]:
    return [
        Window(document=key, start=8 * number, tokens=tuple(tokens))
        for number, (key, tokens) in enumerate(rows)
    ]


@given(ROWS)
def test_a_window_table_gives_back_what_was_packed(rows: list[tuple[str, list[str]]]) -> None:
    windows = windows_of(rows)
    table = WindowTable(WindowTable.pack(windows))
    assert list(table) == windows
    with pytest.raises(IndexError):
        table[len(windows)]


@given(rows=ROWS)
def test_a_file_of_windows_is_looked_up_where_it_lies(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, list[str]]]
) -> None:
    path = tmp_path_factory.mktemp("store") / WINDOWS
    windows = windows_of(rows)
    packed = WindowTable.pack(windows)
    write_arrays(path, packed)
    mapped = mapped_arrays(path)
    assert list(WindowTable(mapped)) == windows
    assert mapped.keys() == packed.keys()
    for name, array in mapped.items():
        assert array.dtype == packed[name].dtype
        assert not array.flags.writeable


def test_a_window_appears_once_for_each_neuron_and_split(tmp_path: Path) -> None:
    documents = [
        *letters(*["abcdefgh" * n + "x" * n for n in range(1, 9)]),
        *[(f"s{n}", Split.SCORE, "iiii" * n) for n in range(1, 9)],
    ]
    store = captured(tmp_path, documents, explain=Keep(top=3, random=16))
    assert len(list(store.neurons)) == 3
    for neuron in store.neurons:
        seen: set[tuple[str, int]] = set()
        for split in Split:
            for record in store.records(neuron, split):
                assert (record.document, record.start) not in seen
                seen.add((record.document, record.start))
                assert record.document.startswith("s") == (split is Split.SCORE)
    assert store.records(VOWELS, Split.SELECT) == ()


def test_quarters_go_up_with_the_peak_and_hold_equally_many(tmp_path: Path) -> None:
    # 60 windows of one document; the position neuron's peak is the window's last place
    store = captured(tmp_path, letters("x" * 480), explain=Keep(top=1, random=16))
    records = store.records(NeuronRef(layer=0, index=2), Split.EXPLAIN)
    assert [r.excerpt.peak for r in records if r.kind is RecordKind.TOP] == [479]
    dealt = [(r.quantile, r.excerpt.peak) for r in records if r.kind is RecordKind.QUANTILE]
    # 16 windows, four to a quarter, half of them for the quarter; the top one may be among them
    assert len(dealt) >= 7
    for quarter, peak in dealt:
        assert all(other <= peak for lower, other in dealt if lower is not None and lower < quarter)  # type: ignore[operator]
    kinds = [record.kind for record in records]
    assert kinds == sorted(kinds, key=[*RecordKind].index)
    assert kinds.count(RecordKind.RANDOM) >= 7


def test_a_neuron_that_is_not_there_is_named(tmp_path: Path) -> None:
    store = captured(tmp_path, letters("abc"))
    for layer, index in ((1, 0), (0, 3), (-1, 0)):
        with pytest.raises(StoreError, match="letters has 1 layers of 3"):
            store.statistics(NeuronRef(layer=layer, index=index))
        with pytest.raises(StoreError, match="no neuron"):
            store.records(NeuronRef(layer=layer, index=index), Split.EXPLAIN)


def test_a_folder_that_is_no_capture_says_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no finished capture"):
        open_store(tmp_path)
    (tmp_path / "manifest.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(StoreError, match=r"format 99; this version reads 2"):
        open_store(tmp_path)


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    store = captured(tmp_path, letters("abc"), select=Keep(top=2, random=0))
    assert store.manifest.config == CaptureConfig(window=8, select=Keep(top=2, random=0))
    assert store.manifest == open_store(store.directory).manifest


@pytest.mark.parametrize("window", [0, 4, 12, -8])
def test_a_window_that_is_no_multiple_of_eight_is_refused(window: int) -> None:
    with pytest.raises(ValueError, match="multiple of 8"):
        CaptureConfig(window=window)


def test_reading_a_store_loads_neither_torch_nor_django() -> None:
    code = "import sys, explanations.stores.reader; print({'torch', 'django'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
