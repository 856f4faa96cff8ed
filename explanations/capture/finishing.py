"""From a pass to a store: near-duplicates go, windows are numbered by document, means are taken."""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.capture.checkpoints import appears
from explanations.capture.layer_accumulator import LayerAccumulator, trimmed
from explanations.capture.moments import WORD_GRID
from explanations.capture.near_duplicates import near_pairs
from explanations.capture.state import CaptureState
from explanations.records import Split
from explanations.stores.layout import WINDOWS, WindowTable, layer_file, write_arrays
from explanations.stores.reader import Manifest, StoreError

WORDS = 12
"""Tokens with the highest means that are kept for each neuron."""

RARE = 3
"""A token with fewer occurrences has no mean worth showing."""


def finish(state: CaptureState, directory: Path, *, corpus: str) -> Manifest:
    """Write a store, which appears only when it is complete."""
    _check(state)
    state.purge(at_once=True)
    manifest = _manifest(state, corpus)

    def write(folder: Path) -> None:
        _write(state, folder)
        manifest.write(folder)

    appears(directory, write)
    return manifest


def _write(state: CaptureState, folder: Path) -> None:
    ordered = _ordered(state, state.windows)
    near = near_pairs({number: (state.windows[number].text,) for number in ordered})
    layers = [_layer(state, layer, near) for layer in state.layers]
    orders = {split: sample.hashes.argsort() for split, sample in state.samples.items()}
    numbers = _renumbered(state, layers)
    for number, arrays in enumerate(layers):
        for split in Split:
            arrays[f"{split}.top.windows"] = numbers[arrays[f"{split}.top.windows"]]
            drawn = state.layers[number].samples[split][orders[split]].permute(2, 0, 1)
            arrays[f"{split}.sample.values"] = drawn.cpu().numpy()
        write_arrays(folder / layer_file(number), arrays)
    samples = {
        f"{split}.sample.windows": numbers[sample.ids[orders[split]]]
        for split, sample in state.samples.items()
    }
    used = (number for number in numbers.argsort(kind="stable") if numbers[number] >= 0)
    table = WindowTable.pack(state.windows[int(number)].window for number in used)
    shared = {"vocabulary.counts": state.word_counts, **state.vocabulary.arrays()}
    write_arrays(folder / WINDOWS, table | samples | shared)


def _renumbered(
    state: CaptureState, layers: Sequence[dict[str, NDArray[Any]]]
) -> NDArray[np.int64]:
    """Return the new number of each window, by document and start; -1 for those not shown."""
    shown = [arrays[f"{split}.top.windows"].ravel() for arrays in layers for split in Split]
    drawn = [sample.ids for sample in state.samples.values()]
    used = np.unique(np.concatenate([*map(np.unique, shown), *drawn]))
    ordered = _ordered(state, used[used >= 0].tolist())
    numbers = np.full(state.seen + 1, -1)  # the last, for id -1, stays -1
    numbers[ordered] = np.arange(len(ordered))
    return numbers


def _layer(
    state: CaptureState, layer: LayerAccumulator, near: dict[int, set[int]]
) -> dict[str, NDArray[Any]]:
    """Return a layer's arrays; top windows still have the numbers that the pass gave them."""
    kept, totals = layer.arrays(), layer.statistics.totals().cpu().numpy()
    arrays = {
        "maximum": kept["maximum"],
        "moments": totals[:4],
        "fired": totals[4],
        "histogram": kept["histogram"],
        **_word_means(layer.statistics.words, state.word_counts),
    }
    for split in Split:
        close = _near_a_better_one(kept[f"{split}.top.ids"], near)
        ids, values = trimmed(kept, split, state.config.keep(split).top, close)
        arrays |= {f"{split}.top.windows": ids, f"{split}.top.values": values}
    return arrays


def _near_a_better_one(ids: NDArray[np.int64], near: dict[int, set[int]]) -> NDArray[np.bool_]:
    """Return which of each row's windows, best first, are near-duplicates of one that stays."""
    # A window is dropped only for a better one that stays itself: in a chain a ~ b ~ c, b goes and
    # c stays, as nothing that is shown resembles it.
    close = np.zeros(ids.shape, np.bool_)
    suspects = np.isin(ids, np.fromiter(near, np.int64, len(near)))
    for row in (suspects.sum(1) > 1).nonzero()[0]:
        stay: set[int] = set()
        for column in suspects[row].nonzero()[0]:
            number = int(ids[row, column])
            close[row, column] = not near[number].isdisjoint(stay)
            if not close[row, column]:
                stay.add(number)
    return close


def _word_means(words: torch.Tensor, counts: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Return each neuron's tokens with the highest means: places in the vocabulary, and means."""
    often = torch.as_tensor(np.flatnonzero(counts >= RARE), device=words.device)
    divisor = torch.as_tensor(counts, device=words.device)[often, None]
    means = words[often] * WORD_GRID / divisor
    best = means.topk(min(WORDS, len(often)), 0)
    return {
        "words.places": often[best.indices].T.cpu().numpy(),
        "words.means": best.values.T.float().cpu().numpy(),
    }


def _manifest(state: CaptureState, corpus: str) -> Manifest:
    return Manifest(
        subject=state.subject,
        corpus=corpus,
        seed=state.seed,
        config=state.config,
        documents=state.extent.documents,
        truncated=state.extent.truncated,
        tokens=state.extent.tokens,
        seconds=state.extent.seconds,
        versions={name: version(name) for name in ("torch", "transformers", "tokenizers")},
    )


def _check(state: CaptureState) -> None:
    if not state.extent.tokens:
        raise StoreError("no document of this corpus has a token: there is nothing to keep")
    if not all(layer.maximum.isfinite().all() for layer in state.layers):
        raise StoreError(f"{state.subject.name} gave activations that are not finite: try float32")


def _ordered(state: CaptureState, numbers: Iterable[int]) -> list[int]:
    """Return windows' numbers by document and start."""

    def place(number: int) -> tuple[str, int]:
        held = state.windows[number]
        return held.document, held.start

    return sorted(numbers, key=place)
