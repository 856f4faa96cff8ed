"""A capture keeps what a pass over everything would keep, whole or in shards."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from explanations import capture as capturing
from explanations.capture import Document, Progress, capture, merge
from explanations.captured import (
    CaptureConfig,
    CaptureStore,
    Keep,
    StoreError,
    SubjectIdentity,
    open_store,
)
from explanations.records import NeuronRef, Split, corpus_digest, seeded_hash
from explanations.subjects import Batch, Consume, TransformersMLP
from explanations.subjects.keeping import TIES

SEED = 3
Place = tuple[str, int]


@dataclass(frozen=True)
class Everything:
    """Every window of a corpus with every neuron's peak on it, and every token's activation."""

    places: list[Place]
    splits: list[Split]
    peaks: NDArray[np.float32]  # [windows, layers, width]
    tokens: NDArray[np.float64]  # [tokens, layers, width]


def everything(
    subject: TransformersMLP, documents: Sequence[Document], window: int = 64
) -> Everything:
    """Look at each window of each document in turn, with the batches that a capture makes."""
    places: list[Place] = []
    splits: list[Split] = []
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
                peaks.append(own[start:stop].amax(0).numpy())
    return Everything(places, splits, np.stack(peaks), np.concatenate(tokens))


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


def brute_force_top(
    every: Everything, split: Split, keep: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the windows and peaks [layers, width, keep] of the best documents of a split.

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
    peaks = np.take_along_axis(every.peaks, best, 0)
    order = (-peaks).argsort(0, kind="stable")[:keep]
    return (
        np.moveaxis(np.take_along_axis(best, order, 0), 0, -1),
        np.moveaxis(np.take_along_axis(peaks, order, 0), 0, -1),
    )


def stored_top(
    store: CaptureStore, layer: int, split: Split
) -> tuple[list[list[Place]], NDArray[np.float32]]:
    """Return the places [width][top] and the peaks [width, top] that a store holds of a layer."""
    arrays, places = store.layer(layer), [(w.document, w.start) for w in store.windows]
    windows, values = arrays[f"{split}.top.windows"], arrays[f"{split}.top.values"]
    there = windows[0] >= 0
    assert ((windows >= 0) == there).all()
    return [[places[n] for n in row[there]] for row in windows], values.max(2)[:, there]


def same_tops(store: CaptureStore, every: Everything) -> int:
    """Assert that a store's top windows are the brute-force ones; return how many were compared."""
    compared = 0
    for split in Split:
        rows, peaks = brute_force_top(every, split, store.manifest.config.keep(split).top)
        for layer in range(store.manifest.subject.layers):
            places, stored = stored_top(store, layer, split)
            assert np.array_equal(stored, peaks[layer])
            expected = [[every.places[n] for n in row] for row in rows[layer]]
            assert places == expected
            compared += rows[layer].size
    return compared


@pytest.fixture(scope="session")
def stories_store(
    stories260k: TransformersMLP, stories: list[Document], tmp_path_factory: pytest.TempPathFactory
) -> CaptureStore:
    """Return a capture of the stories."""
    directory = tmp_path_factory.mktemp("captures") / "stories"
    capture(stories260k, stories, directory, seed=SEED)
    return open_store(directory)


@pytest.fixture(scope="session")
def stories_everything(stories260k: TransformersMLP, stories: list[Document]) -> Everything:
    """Return all windows of the stories."""
    return everything(stories260k, stories)


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
    assert same_tops(stories_store, stories_everything) == 860 * (20 + 8 + 20)


def test_top_windows_of_minilm_are_those_of_a_pass_over_every_window(
    minilm: TransformersMLP, passages: list[Document], tmp_path: Path
) -> None:
    capture(minilm, passages, tmp_path / "store", seed=SEED)
    assert same_tops(open_store(tmp_path / "store"), everything(minilm, passages)) > 9216 * 40


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
    stories260k: TransformersMLP, stories: list[Document], stories_store: CaptureStore
) -> None:
    texts = {key: text for key, _, text in stories}
    neuron = NeuronRef(layer=4, index=143)
    for split in Split:
        for record in stories_store.records(neuron, split)[::7]:
            (batch,) = stories260k.encode([texts[record.document]])
            values = stories260k.run_layer(batch, 4)[0, batch.first :, 143].numpy()
            own = slice(record.start, record.start + len(record.excerpt.tokens))
            assert record.excerpt.tokens == batch.pieces[0][own]
            assert np.allclose(record.excerpt.activations, values[own], atol=1e-5)


def test_padding_does_not_change_what_is_kept(
    stories260k: TransformersMLP, stories: list[Document], tmp_path: Path
) -> None:
    few = [(key, Split.SCORE, text[: 100 + 90 * n]) for n, (key, _, text) in enumerate(stories[:8])]
    overviews = []
    for name, subject in (("padded", stories260k), ("alone", Alone(stories260k))):
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
    stories260k: TransformersMLP,
    stories: list[Document],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(capturing, "READ_AHEAD", 32)
    few = stories[:96]
    capture(stories260k, few, tmp_path / "one", seed=SEED)
    shards = [tmp_path / "a", tmp_path / "b", tmp_path / "c"]
    for number, shard in enumerate(shards):
        capture(stories260k, few[32 * number : 32 * (number + 1)], shard, seed=SEED)
    digest = corpus_digest((key, text) for key, _, text in few)
    one, whole = open_store(tmp_path / "one"), merge(shards[::-1], tmp_path / "all", corpus=digest)
    assert replace(whole, seconds=0.0) == replace(one.manifest, seconds=0.0)
    merged = open_store(tmp_path / "all")
    assert list(merged.windows) == list(one.windows)
    for layer in range(5):
        arrays = merged.layer(layer)
        for name, array in one.layer(layer).items():
            if name == "moments":
                assert np.allclose(arrays[name], array, rtol=1e-9)
            else:
                assert np.array_equal(arrays[name], array), name


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
    documents = letters(*["abcdefgh"] * 12)
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
    purge = capturing.CaptureState._purge

    def counting(state: capturing.CaptureState) -> None:
        state._purge_at = min(state._purge_at, 20)
        purge(state)
        state._purge_at = 20
        held.append(len(state.windows))

    monkeypatch.setattr(capturing.CaptureState, "_purge", counting)
    keep = {split.value: Keep(top=2, random=3) for split in Split}
    store = captured(tmp_path, letters(*["abcdefgh" * n for n in range(1, 60)]), **keep)
    # three neurons keep 2 windows each, and the sample 3: no more than 9 windows and one document's
    assert max(held[20:]) <= 20
    assert len(store.windows) <= 9


def test_truncated_and_empty_documents_are_counted(tmp_path: Path) -> None:
    said: list[Progress] = []
    documents = letters("", "a" * 101, "abc")
    manifest = capture(Letters(), documents, tmp_path / "s", seed=1, progress=said.append)
    assert (manifest.documents, manifest.truncated, manifest.tokens) == (3, 1, 104)
    assert [(p.documents, p.truncated, p.tokens) for p in said] == [(1, 1, 101), (2, 1, 104)]
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


def test_shards_of_different_seeds_do_not_merge(tmp_path: Path) -> None:
    for seed in (1, 2):
        capture(Letters(), letters("abc"), tmp_path / str(seed), seed=seed)
    with pytest.raises(StoreError, match="cannot be merged"):
        merge([tmp_path / "1", tmp_path / "2"], tmp_path / "all", corpus="")
