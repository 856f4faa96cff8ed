"""A capture keeps what a pass over everything would keep, whole or in shards."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from explanations import capture as capturing
from explanations.capture import (
    CaptureState,
    Document,
    Plan,
    Progress,
    capture,
    capture_shard,
    merge,
    state,
)
from explanations.capture.layer_accumulator import TIES
from explanations.records import NeuronRef, Split, corpus_digest, seeded_hash
from explanations.stores.layout import read_arrays
from explanations.stores.reader import (
    CaptureConfig,
    CaptureStore,
    Keep,
    StoreError,
    SubjectIdentity,
    open_store,
)
from explanations.subjects import Batch, Consume, TransformersMLP

SEED = 3
Place = tuple[str, int]


@dataclass(frozen=True)
class Everything:
    """Every window of a corpus with every neuron's peak on it, and every token's activation."""

    places: list[Place]
    splits: list[Split]
    texts: list[str]
    peaks: NDArray[np.float32]  # [windows, layers, width]
    tokens: NDArray[np.float64]  # [tokens, layers, width]


def everything(
    subject: TransformersMLP, documents: Sequence[Document], window: int = 64
) -> Everything:
    """Look at each window of each document in turn, with the batches that a capture makes."""
    places: list[Place] = []
    splits: list[Split] = []
    texts: list[str] = []
    peaks, tokens = [], []
    for batch in subject.encode([text for _, _, text in documents]):
        given: dict[int, torch.Tensor] = {}
        subject.run(batch, given.__setitem__)
        layers = [given[layer] for layer in range(subject.layers)]
        for row, (place, length) in enumerate(zip(batch.texts, batch.lengths, strict=True)):
            own = torch.stack([v[row, batch.first : batch.first + length] for v in layers], 1)
            tokens.append(own.double().numpy())
            for start in range(0, length, window):
                start, stop = adjusted(start, length, window)
                places.append((documents[place][0], start))
                splits.append(documents[place][1])
                texts.append("".join(batch.pieces[row][start:stop]))
                peaks.append(own[start:stop].amax(0).numpy())
    return Everything(places, splits, texts, np.stack(peaks), np.concatenate(tokens))


def adjusted(start: int, length: int, window: int) -> tuple[int, int]:
    """Return the window at `start`, which shares with its neighbour when the last has under 8."""
    rest = length % window
    if length > window and 0 < rest < 8:
        shared = max(8, (window + rest) // 16 * 8)
        if start == length - rest:
            return start - window + shared, length
        if start == length - rest - window:
            return start, start + shared
    return start, min(start + window, length)


class Alike:
    """Which windows say nearly the same, compared pair by pair."""

    def __init__(self, every: Everything) -> None:
        self.texts = [re.findall(r"\w+(?:['\u2019]\w+)*|[^\w\s]", t.lower()) for t in every.texts]
        self.near = cache(self._near)

    def _near(self, one: int, other: int) -> bool:
        a, b = (
            {tuple(words[n : n + 5]) for n in range(max(1, len(words) - 4))}
            for words in (self.texts[one], self.texts[other])
        )
        return 2 * len(a & b) >= min(len(a), len(b))

    def distinct(self, ranked: Sequence[int], candidates: int, keep: int) -> list[int]:
        """Return the first `keep` of the best candidates that repeat no better one."""
        texts, best = set(), []
        for row in ranked:
            if (text := tuple(self.texts[row])) not in texts and len(best) < candidates:
                texts.add(text)
                best.append(row)
        stay: list[int] = []
        for row in best:
            if not any(self.near(row, other) for other in stay):
                stay.append(row)
        return stay[:keep]


def brute_force_top(every: Everything, split: Split) -> NDArray[np.int64]:
    """Return the windows [layers, width, documents] of a split, the best first.

    A document's window is its first best; documents are sorted by that, and equal ones (stories
    begin alike) by their hash.
    """
    rows = np.array([row for row, own in enumerate(every.splits) if own == split])
    documents = np.array([every.places[row][0] for row in rows])
    best = np.stack(
        [
            rows[documents == key][every.peaks[rows[documents == key]].argmax(0)]
            for key in sorted(set(documents), key=lambda key: seeded_hash(SEED, "tie", key) % TIES)
        ]
    )
    order = (-np.take_along_axis(every.peaks, best, 0)).argsort(0, kind="stable")[:40]
    return np.moveaxis(np.take_along_axis(best, order, 0), 0, -1)


def same_tops(store: CaptureStore, every: Everything) -> tuple[int, int]:
    """Assert that a store's top windows are the brute-force ones.

    Returns how many were compared, and for how many lists a near-duplicate was left out.
    """
    compared, mended = 0, 0
    alike, places = Alike(every), [(w.document, w.start) for w in store.windows]
    for split in Split:
        ranked, keep = brute_force_top(every, split), store.manifest.config.keep(split)
        for layer in range(store.manifest.subject.layers):
            arrays = store.layer(layer)
            windows, values = arrays[f"{split}.top.windows"], arrays[f"{split}.top.values"]
            for index, rows in enumerate(ranked[layer].tolist()):
                stored = [number for number in windows[index].tolist() if number >= 0]
                expected = alike.distinct(rows, keep.candidates, keep.top)
                assert [places[n] for n in stored] == [every.places[n] for n in expected]
                peaks = every.peaks[expected, layer, index]
                assert np.array_equal(values[index, : len(stored)].max(1), peaks)
                compared += len(expected)
                mended += expected != rows[: len(expected)]
    return compared, mended


@pytest.fixture(scope="session")
def stories_store(
    small_llama: TransformersMLP, stories: list[Document], tmp_path_factory: pytest.TempPathFactory
) -> CaptureStore:
    """Return a capture of the stories."""
    directory = tmp_path_factory.mktemp("captures") / "stories"
    capture(small_llama, stories, directory, seed=SEED)
    return open_store(directory)


@pytest.fixture(scope="session")
def stories_everything(small_llama: TransformersMLP, stories: list[Document]) -> Everything:
    """Return all windows of the stories."""
    return everything(small_llama, stories)


class Letters:
    """A subject of three neurons over letters: vowels (1 to 5), never, and the position."""

    identity = SubjectIdentity(
        name="letters",
        source="test",
        revision="",
        hook="letters",
        dtype="float32",
        tokenizer="letters",
        layers=1,
        width=3,
    )
    device = torch.device("cpu")

    def encode(self, texts: Sequence[str], *, budget: int = 256) -> Iterator[Batch]:
        """Yield a batch for each text that is not empty; a letter is a token."""
        for place, text in enumerate(texts):
            if text:
                ids = torch.tensor([[0, *map(ord, text)]])
                yield Batch(
                    texts=(place,),
                    ids=ids,
                    mask=torch.ones_like(ids),
                    first=1,
                    lengths=(len(text),),
                    pieces=(tuple(text),),
                    truncated=(len(text) > 100,),
                )

    def run(self, batch: Batch, consume: Consume) -> None:
        """Give the only layer; the special token's activations are huge, and must not count."""
        vowels = torch.tensor(["aeiou".find(chr(i)) + 1.0 for i in batch.ids[0].tolist()])
        places = torch.arange(len(vowels)) - 1.0
        values = torch.stack([vowels, torch.full_like(vowels, -0.5), places], 1)
        values[0] = 1e6
        consume(0, values[None])


def letters(*texts: str, split: Split = Split.EXPLAIN) -> list[Document]:
    return [(f"d{number}", split, text) for number, text in enumerate(texts)]


def captured(directory: Path, documents: Sequence[Document], **keep: Keep) -> CaptureStore:
    """Capture documents with the letters subject."""
    config = CaptureConfig(window=8, **keep)
    capture(Letters(), documents, directory / "store", seed=SEED, config=config)
    return open_store(directory / "store")


def test_top_windows_of_stories_are_those_of_a_pass_over_every_window(
    stories_store: CaptureStore, stories_everything: Everything
) -> None:
    compared, mended = same_tops(stories_store, stories_everything)
    assert 860 * 40 < compared <= 860 * (20 + 8 + 20)
    assert mended > 0


def test_top_windows_of_minilm_are_those_of_a_pass_over_every_window(
    minilm: TransformersMLP, passages: list[Document], tmp_path: Path
) -> None:
    capture(minilm, passages, tmp_path / "store", seed=SEED)
    compared, _ = same_tops(open_store(tmp_path / "store"), everything(minilm, passages))
    assert compared > 9216 * 40


def test_statistics_are_those_over_every_token(
    stories_store: CaptureStore, stories_everything: Everything
) -> None:
    tokens = stories_everything.tokens
    overview = stories_store.overview
    assert np.allclose(overview.maximum, tokens.max(0))
    assert np.allclose(overview.mean, tokens.mean(0), atol=1e-6)
    assert np.allclose(overview.firing_rate, (tokens > 0).mean(0))
    for neuron in (NeuronRef(layer=4, index=143), NeuronRef(layer=0, index=0)):
        own = tokens[:, neuron.layer, neuron.index]
        centred = own - own.mean()
        found = stories_store.statistics(neuron)
        assert found.tokens == len(own)
        assert found.variance == pytest.approx((centred**2).mean(), rel=1e-4)
        assert found.skewness == pytest.approx((centred**3).mean() / own.std() ** 3, rel=1e-3)
        assert found.kurtosis == pytest.approx((centred**4).mean() / own.var() ** 2, rel=1e-3)


def test_records_hold_the_activations_of_their_own_tokens(
    small_llama: TransformersMLP, stories: list[Document], stories_store: CaptureStore
) -> None:
    texts = {key: text for key, _, text in stories}
    neuron = NeuronRef(layer=4, index=143)
    for split in Split:
        for record in stories_store.records(neuron, split)[::7]:
            (batch,) = small_llama.encode([texts[record.document]])
            values = small_llama.run_layer(batch, 4)[0, batch.first :, 143].numpy()
            own = slice(record.start, record.start + len(record.excerpt.tokens))
            assert record.excerpt.tokens == batch.pieces[0][own]
            assert np.allclose(record.excerpt.activations, values[own], atol=1e-5)


def test_padding_does_not_change_what_is_kept(
    small_llama: TransformersMLP, stories: list[Document], tmp_path: Path
) -> None:
    few = [(key, Split.SCORE, text[: 100 + 90 * n]) for n, (key, _, text) in enumerate(stories[:8])]
    overviews = []
    for name, subject in (("padded", small_llama), ("alone", Alone(small_llama))):
        capture(subject, few, tmp_path / name, seed=SEED)
        overviews.append(open_store(tmp_path / name).overview)
    assert np.allclose(overviews[0].maximum, overviews[1].maximum, atol=1e-5)
    assert np.allclose(overviews[0].mean, overviews[1].mean, atol=1e-5)


class Alone:
    """A subject that reads each text by itself, so that nothing is padded."""

    def __init__(self, subject: TransformersMLP) -> None:
        self.identity, self.device, self.run = subject.identity, subject.device, subject.run
        self._subject = subject

    def encode(self, texts: Sequence[str], *, budget: int = 1) -> Iterator[Batch]:
        return self._subject.encode(texts, budget=budget)


def test_shards_merge_to_what_one_pass_keeps(
    small_llama: TransformersMLP,
    stories: list[Document],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capturing, "BLOCK_DOCUMENTS", 16)
    few = stories[:96]
    capture(small_llama, few, tmp_path / "one", seed=SEED)
    shards = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    digest = corpus_digest((key, text) for key, _, text in few)
    for number, shard in enumerate(shards):
        plan = Plan(seed=SEED, config=CaptureConfig(), shard=number, shards=3)
        capture_shard(small_llama, few, shard, plan, corpus=digest)
    whole = merge(shards, tmp_path / "all", corpus=digest)
    one = open_store(tmp_path / "one")
    assert replace(whole, seconds=0.0) == replace(one.manifest, seconds=0.0)
    same_files(tmp_path / "one", tmp_path / "all")


def same_files(one: Path, other: Path) -> None:
    """Assert that two stores hold the same arrays, bit by bit."""
    names = sorted(path.name for path in one.glob("*.safetensors"))
    assert names == sorted(path.name for path in other.glob("*.safetensors"))
    for name in names:
        ours, theirs = read_arrays(one / name), read_arrays(other / name)
        assert ours.keys() == theirs.keys()
        for key, array in ours.items():
            assert array.tobytes() == theirs[key].tobytes(), f"{name} {key}"


def test_a_document_gives_one_top_window_its_best(tmp_path: Path) -> None:
    store = captured(tmp_path, letters("xxxxxxxxaxxxxxxxuxxxxxxx", "xxxxixxx"))
    tops = store.records(NeuronRef(layer=0, index=0), Split.EXPLAIN)[:2]
    assert [(r.document, r.start, r.excerpt.peak) for r in tops] == [("d0", 16, 5), ("d1", 0, 3)]


def test_special_tokens_count_for_nothing(tmp_path: Path) -> None:
    store = captured(tmp_path, letters("abc", "xyz"))
    found = store.statistics(NeuronRef(layer=0, index=0))
    assert (found.tokens, found.maximum) == (6, 1.0)
    assert found.mean == pytest.approx(1 / 6)


def test_a_neuron_that_never_fires_is_all_numbers(tmp_path: Path) -> None:
    store = captured(tmp_path, letters("abc", "defghijklmnop"))
    dead = NeuronRef(layer=0, index=1)
    found = store.statistics(dead)
    assert (found.maximum, found.firing_rate, found.variance) == (-0.5, 0.0, 0.0)
    assert found.skewness is None
    assert found.kurtosis is None
    assert all(math.isfinite(r.excerpt.peak) for r in store.records(dead, Split.EXPLAIN))


def test_equal_peaks_are_kept_by_the_same_documents_in_any_order(tmp_path: Path) -> None:
    documents = letters(*(f"{first}b{last}aeiou" for first in "cdfg" for last in "hjk"))
    keep = Keep(top=4, random=0)
    kept = []
    for name, order in (("up", documents), ("down", documents[::-1])):
        store = captured(tmp_path / name, order, explain=keep)
        records = store.records(NeuronRef(layer=0, index=0), Split.EXPLAIN)
        kept.append([record.document for record in records])
    assert kept[0] == kept[1]
    assert len(set(kept[0])) == 4


def test_the_random_sample_is_uniform_over_windows(tmp_path: Path) -> None:
    # a document of 40 windows and 40 of one window: each kind should give half of the sample
    documents = letters("abcdefgh" * 40, *["bcdfghjk"] * 40)
    shares = []
    for seed in range(40):
        directory = tmp_path / str(seed)
        config = CaptureConfig(window=8, explain=Keep(top=1, random=16))
        capture(Letters(), documents, directory, seed=seed, config=config)
        windows = open_store(directory).windows
        drawn = [windows[n].document for n in windows.array("explain.sample.windows").tolist()]
        assert len(drawn) == 16
        shares.append(drawn.count("d0") / 16)
    # 40 samples of 16: the standard error of the mean share is about .5 / sqrt(640) = .02
    assert np.mean(shares) == pytest.approx(0.5, abs=0.08)


def test_text_of_windows_that_nothing_shows_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    monkeypatch.setattr(state, "_PURGE", 20)
    monkeypatch.setattr(capturing, "BLOCK_DOCUMENTS", 2)
    end_block = CaptureState.end_block

    def counting(passing: CaptureState, documents: int) -> None:
        end_block(passing, documents)
        held.append(len(passing.windows))

    monkeypatch.setattr(CaptureState, "end_block", counting)
    keep = {split.value: Keep(top=2, random=3) for split in Split}
    store = captured(tmp_path, letters(*["abcdefgh" * n for n in range(1, 60)]), **keep)
    # Three neurons hold 4 candidates each, and the sample 3, in three splits of which one is used:
    # 15 windows; they are forgotten when there are more than twice as many and 20.
    assert max(held) <= 2 * 15 + 20
    assert len(store.windows) <= 3 * 2 + 3


def test_truncated_and_empty_documents_are_counted(tmp_path: Path) -> None:
    said: list[Progress] = []
    documents = letters("", "a" * 101, "abc")
    manifest = capture(Letters(), documents, tmp_path / "s", seed=1, progress=said.append)
    assert (manifest.documents, manifest.truncated, manifest.tokens) == (3, 1, 104)
    assert [(p.read, p.truncated, p.tokens) for p in said] == [(1, 1, 101), (2, 1, 104)]
    assert manifest.corpus == corpus_digest((key, text) for key, _, text in documents)


def test_a_capture_that_is_stopped_leaves_nothing_that_looks_finished(tmp_path: Path) -> None:
    def stop(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        capture(Letters(), letters("abc"), tmp_path / "s", seed=1, progress=stop)
    assert list(tmp_path.iterdir()) == []
    capture(Letters(), letters("abc"), tmp_path / "s", seed=1)
    with pytest.raises(StoreError, match="is there already"):
        capture(Letters(), letters("abc"), tmp_path / "s", seed=1)


def test_a_text_without_tokens_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nothing to keep"):
        capture(Letters(), letters("", ""), tmp_path / "s", seed=1)
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_comes_twice_is_shown_once(tmp_path: Path) -> None:
    documents = letters(*["abcdefgh"] * 50, "bcdfaghj", "bcdfghje")
    store = captured(tmp_path, documents, explain=Keep(top=4, random=0))
    shown = store.records(NeuronRef(layer=0, index=0), Split.EXPLAIN)
    assert sorted(record.excerpt.text for record in shown) == ["abcdefgh", "bcdfaghj", "bcdfghje"]


def test_a_window_that_nearly_repeats_a_better_one_is_left_out(tmp_path: Path) -> None:
    # "u" is the highest vowel: the second text repeats the first but for its last letter.
    texts = ["a b c d f g h u", "a b c d f g h o", "j k l m n p q i"]
    config = CaptureConfig(window=16, explain=Keep(top=3, random=0))
    capture(Letters(), letters(*texts), tmp_path / "store", seed=SEED, config=config)
    shown = open_store(tmp_path / "store").records(NeuronRef(layer=0, index=0), Split.EXPLAIN)
    assert [record.excerpt.text for record in shown] == [texts[0], texts[2]]


def test_shards_of_different_seeds_do_not_merge(tmp_path: Path) -> None:
    for number in range(2):
        plan = Plan(seed=number, config=CaptureConfig(), shard=number, shards=2)
        capture_shard(Letters(), letters("abc"), tmp_path / str(number), plan)
    with pytest.raises(StoreError, match="cannot merge"):
        merge([tmp_path / "0", tmp_path / "1"], tmp_path / "all", corpus="")


def test_a_shard_that_is_missing_or_out_of_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="0 holds no finished shard"):
        merge([tmp_path / "0"], tmp_path / "all", corpus="")
    capture_shard(
        Letters(), letters("abc"), tmp_path / "1", Plan(seed=1, config=CaptureConfig(), shards=2)
    )
    with pytest.raises(StoreError, match="1 is not shard 0 of 1"):
        merge([tmp_path / "1"], tmp_path / "all", corpus="")
