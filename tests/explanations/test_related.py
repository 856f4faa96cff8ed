"""What is related to a neuron comes back as it was written, and correlation is Pearson's."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save_file

from explanations.capture import Document, capture
from explanations.records import NeuronRef, Split
from explanations.relations.relatives import relate
from explanations.stores.reader import CaptureStore, Keep, StoreError, open_store
from explanations.stores.relations import (
    FILE,
    RELATIONS,
    Header,
    Lists,
    RelatedNeuron,
    read_related,
    similar_by_activation,
    write_related,
)
from explanations.subjects import TransformersMLP
from tests.explanations.test_capture import Letters, captured, letters

NOBODY = "the subject has none"
HEADER = Header(
    layers=2, width=2, keep=3, undefined={"tokens_out": NOBODY, "similar_weights": NOBODY}
)


def written(folder: Path) -> None:
    """Write the relations of four neurons, of which the last has others."""
    none = np.full((4, 3), -1, np.int32)
    down, tokens = none.copy(), none.copy()
    down[1], tokens[3] = [3, 2, -1], [2, 0, 1]
    values = np.array([[0.5, 0.25, 0.0]] * 4, np.float32)
    lists = {"upstream": none, "downstream": down, "tokens_in": tokens}
    texts = [" cat", "", "日本"]
    write_related(
        folder, HEADER, {name: Lists(ids=ids, values=values) for name, ids in lists.items()}, texts
    )


def test_relations_come_back_as_they_were_written(tmp_path: Path) -> None:
    written(tmp_path)
    store = read_related(tmp_path)
    assert store is not None
    assert store.header == HEADER
    found = store.of(NeuronRef(layer=0, index=1))
    assert found.downstream == (
        RelatedNeuron(neuron=NeuronRef(layer=1, index=1), value=0.5),
        RelatedNeuron(neuron=NeuronRef(layer=1, index=0), value=0.25),
    )
    assert found.upstream == ()
    assert store.similar_by_activation(NeuronRef(layer=0, index=1)) is None
    last = store.of(NeuronRef(layer=1, index=1))
    assert last.tokens_in is not None
    found_tokens = [(row.token, row.value) for row in last.tokens_in]
    assert found_tokens == [("日本", 0.5), (" cat", 0.25), ("", 0.0)]


def test_an_undefined_relation_is_none_and_says_why(tmp_path: Path) -> None:
    written(tmp_path)
    store = read_related(tmp_path)
    assert store is not None
    found = store.of(NeuronRef(layer=0, index=0))
    assert (found.tokens_out, found.similar_weights) == (None, None)
    assert found.undefined == {"tokens_out": NOBODY, "similar_weights": NOBODY}


def test_a_folder_without_relations_has_none(tmp_path: Path) -> None:
    assert read_related(tmp_path) is None


def test_a_file_that_is_cut_off_says_what_to_do(tmp_path: Path) -> None:
    written(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-5])
    with pytest.raises(StoreError, match="cut off: relate again"):
        read_related(tmp_path)


def test_a_neuron_that_is_not_there_and_another_format_are_named(tmp_path: Path) -> None:
    written(tmp_path)
    store = read_related(tmp_path)
    assert store is not None
    for layer, index in ((2, 0), (0, 2), (-1, 0), (0, -1)):
        with pytest.raises(StoreError, match="2 layers of 2"):
            store.of(NeuronRef(layer=layer, index=index))
    save_file({}, tmp_path / FILE, metadata={"format": "9", "undefined": json.dumps({})})
    with pytest.raises(StoreError, match="relate again"):
        read_related(tmp_path)


def test_writing_that_fails_leaves_the_old_file_and_nothing_beside(tmp_path: Path) -> None:
    written(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    unwritable = Lists(ids=np.zeros((1, 1), object), values=np.zeros((1, 1), np.float32))
    with pytest.raises(SafetensorError, match="object"):
        write_related(tmp_path, HEADER, {"upstream": unwritable}, [])
    assert (tmp_path / FILE).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.fixture(scope="module")
def store(
    small_llama: TransformersMLP, stories: list[Document], tmp_path_factory: pytest.TempPathFactory
) -> CaptureStore:
    """Return a capture of stories whose windows are of many lengths."""
    directory = tmp_path_factory.mktemp("captures") / "stories"
    capture(small_llama, stories[:60], directory, seed=5)
    return open_store(directory)


@pytest.fixture(scope="module")
def seen(
    store: CaptureStore, small_llama: TransformersMLP, stories: list[Document]
) -> NDArray[np.float64]:
    """Return every neuron's values on the random windows' tokens, run anew: [neurons, tokens]."""
    texts = {key: text for key, _, text in stories}
    drawn = [n for s in Split for n in store.windows.array(f"{s}.sample.windows") if n >= 0]
    parts = []
    for window in (store.windows[n] for n in drawn):
        (batch,) = small_llama.encode([texts[window.document]])
        given: dict[int, torch.Tensor] = {}
        small_llama.run(batch, lambda layer, values, given=given: given.update({layer: values[0]}))  # type: ignore[misc]
        first = batch.first + window.start
        own = [given[n][first : first + len(window.tokens)] for n in range(small_llama.layers)]
        parts.append(torch.cat(own, 1).double().numpy())
    assert len({len(part) for part in parts}) > 3
    return np.concatenate(parts).T


def test_similar_neurons_are_those_that_numpy_correlates_most(
    store: CaptureStore, seen: NDArray[np.float64]
) -> None:
    every = np.asarray(np.corrcoef(seen)) - 3 * np.eye(len(seen))
    for number in range(0, 860, 43):
        found = similar_by_activation(store, _ref(number), keep=10)
        assert found is not None
        best = np.sort(every[number])[:-11:-1]
        assert [row.value for row in found] == pytest.approx(best, abs=1e-4)
        for row in found:
            other = row.neuron.layer * 172 + row.neuron.index
            assert row.value == pytest.approx(every[number, other], abs=1e-4)


def test_lists_written_once_are_those_found_one_by_one(
    store: CaptureStore, small_llama: TransformersMLP
) -> None:
    relate(small_llama, store.directory, tile=10_000)
    lists = read_related(store.directory)
    assert lists is not None
    for number in range(0, 860, 43):
        written = lists.similar_by_activation(_ref(number))
        found = similar_by_activation(store, _ref(number))
        assert written is not None
        assert found is not None
        values = [row.value for row in found]
        assert [row.value for row in written] == pytest.approx(values, abs=1e-5)
        assert written[0].neuron == found[0].neuron
        assert len(written) == 10


def test_a_subject_without_weights_has_neurons_that_do_alike(tmp_path: Path) -> None:
    found = captured(tmp_path, letters("xaxexixoxu" * 3, "bcd" * 9))
    subject: Any = Letters()
    relate(subject, found.directory)
    lists = read_related(found.directory)
    assert lists is not None
    similar = [lists.similar_by_activation(NeuronRef(layer=0, index=n)) for n in range(3)]
    assert [len(rows or ()) for rows in similar] == [1, 0, 1]
    assert set(lists.header.undefined) == set(RELATIONS)


def test_correlation_is_the_same_from_either_side(store: CaptureStore) -> None:
    one = NeuronRef(layer=1, index=17)
    for row in (similar_by_activation(store, one, keep=859) or ())[::90]:
        back = similar_by_activation(store, row.neuron, keep=859)
        assert back is not None
        assert {r.neuron: r.value for r in back}[one] == pytest.approx(row.value, abs=1e-5)


def test_a_constant_neuron_has_no_correlation_and_is_nobodys(tmp_path: Path) -> None:
    # neuron 1 of the letters is -0.5 always; 0 is high on vowels, 2 is the position
    found = captured(tmp_path, letters("xaxexixoxu" * 3, "bcd" * 9))
    assert similar_by_activation(found, NeuronRef(layer=0, index=1)) is None
    (only,) = similar_by_activation(found, NeuronRef(layer=0, index=0)) or ()
    assert only.neuron == NeuronRef(layer=0, index=2)
    assert -1 <= only.value <= 1
    with pytest.raises(StoreError, match="no neuron"):
        similar_by_activation(found, NeuronRef(layer=0, index=3))


def test_a_capture_without_random_windows_has_no_correlations(tmp_path: Path) -> None:
    none = Keep(top=1, random=0)
    found = captured(tmp_path, letters("abcdefgh"), explain=none, select=none, score=none)
    assert similar_by_activation(found, NeuronRef(layer=0, index=0)) is None


def _ref(number: int) -> NeuronRef:
    layer, index = divmod(number, 172)
    return NeuronRef(layer=layer, index=index)
