"""The arrays of delphi's cache, latent by latent: a million entries are held at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explanations.corpora.sources import TextError
from explanations.formats.delphi.windows import Firing

_BUDGET = 2**20
_NEEDED = {"locations": 2, "activations": 1, "tokens": 2}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cache:
    """One file's arrays, checked to fit each other.

    `figures` are the mean and the firing rate of latents whose file holds only a part of what they
    were run on; None where the file holds all of it.
    """

    locations: NDArray[np.integer]
    activations: NDArray[np.floating]
    tokens: NDArray[np.integer]
    lengths: NDArray[np.int64]
    figures: Mapping[int, tuple[float, float]] | None

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], name: str, count: int) -> "Cache":
        """Return the cache of a file about so many latents; `TextError` where arrays do not fit."""
        _check_shapes(arrays, name)
        locations = arrays["locations"]
        last = max((int(locations[chunk, 2].max()) for chunk in _chunks(locations)), default=0)
        if last >= count:
            raise TextError(f"{name}: locations count latents to {last}, its name to {count - 1}")
        if locations.dtype.kind == "i" and len(locations) and locations.min() < 0:
            raise TextError(f"{name}: locations are below 0")
        return cls(
            locations=locations,
            activations=arrays["activations"],
            tokens=arrays["tokens"],
            lengths=_lengths(arrays, name),
            figures=_added(arrays),
        )

    def latents(self) -> Iterator[tuple[int, Firing]]:
        """Yield each latent that fires anywhere, counted from the file's first, and where."""
        counts = self._counts()
        for first, stop in _blocks(counts):
            yield from self._block(first, stop)

    def _counts(self) -> NDArray[np.int64]:
        """Return how many entries each latent has."""
        counts = np.zeros(0, np.int64)
        for chunk in _chunks(self.locations):
            found = np.bincount(self.locations[chunk, 2].astype(np.int64), minlength=len(counts))
            found[: len(counts)] += counts
            counts = found
        return counts

    def _block(self, first: int, stop: int) -> Iterator[tuple[int, Firing]]:
        """Gather the entries of some latents in one pass over the file."""
        places, values = [], []
        for chunk in _chunks(self.locations):
            numbers = self.locations[chunk, 2]
            inside = np.flatnonzero((numbers >= first) & (numbers < stop))
            places.append(self.locations[chunk][inside].astype(np.int64))
            values.append(self.activations[chunk][inside].astype(np.float32))
        locations, activations = np.concatenate(places), np.concatenate(values)
        order = np.argsort(locations[:, 2], kind="stable")
        locations, activations = locations[order], activations[order]
        numbers, begins = np.unique(locations[:, 2], return_index=True)
        for number, rows, fired in zip(
            numbers.tolist(),
            np.split(locations, begins[1:]),
            np.split(activations, begins[1:]),
            strict=True,
        ):
            yield number, Firing(rows=rows[:, 0], positions=rows[:, 1], values=fired)


def _check_shapes(arrays: Mapping[str, NDArray[Any]], name: str) -> None:
    for array, dimensions in _NEEDED.items():
        if array not in arrays:
            raise TextError(f"{name}: {array} is missing")
        if arrays[array].ndim != dimensions:
            raise TextError(f"{name}: {array} has shape {arrays[array].shape}")
    shape, entries = arrays["locations"].shape, len(arrays["activations"])
    if shape != (entries, 3):
        raise TextError(f"{name}: locations has shape {shape} for {entries} activations")


def _lengths(arrays: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.int64]:
    """Return how many tokens of each context count: all, unless the file tells."""
    contexts, length = arrays["tokens"].shape
    full = np.full(contexts, length, np.int64)
    lengths = np.asarray(arrays.get("lengths", full), np.int64)
    if lengths.shape != full.shape or (lengths < 0).any() or (lengths > full).any():
        raise TextError(f"{name}: lengths do not fit the contexts")
    return lengths


def _chunks(locations: NDArray[np.integer]) -> Iterator[slice]:
    for start in range(0, len(locations), _BUDGET):
        yield slice(start, start + _BUDGET)


def _added(arrays: Mapping[str, NDArray[Any]]) -> dict[int, tuple[float, float]] | None:
    """Return the figures that this product writes beside delphi's arrays."""
    if not {"latents", "means", "rates"} <= arrays.keys():
        return None
    columns = (arrays[name].tolist() for name in ("latents", "means", "rates"))
    return {int(number): (mean, rate) for number, mean, rate in zip(*columns, strict=False)}


def _blocks(counts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield runs of latents that have at most the budget of entries, or are one latent."""
    start, total = 0, 0
    for number, count in enumerate(counts.tolist()):
        if total and total + count > _BUDGET:
            yield start, number
            start, total = number, 0
        total += count
    if total:
        yield start, len(counts)
