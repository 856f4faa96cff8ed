"""Writing delphi's layout: one safetensors file a hookpoint, and texts for what is said.

Beside delphi's arrays stand `lengths`, as records differ in length, and `latents`, `means` and
`rates`, as the file holds a part of what a neuron was run on. delphi passes over them.
"""

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explanations.formats.delphi.scores import SCORER, raw_examples
from explanations.formats.lines import (
    ExplanationLine,
    FormatError,
    Location,
    NeuronLine,
    Problem,
    RecordLine,
)
from explanations.formats.tokens import Pieces
from explanations.formats.writing import json_text
from explanations.stores.layout import write_arrays


@dataclass(slots=True)
class _Arrays:
    """A hookpoint's arrays while they grow; the same tokens are one context."""

    contexts: dict[tuple[int, ...], int] = field(default_factory=dict)
    locations: "array[int]" = field(default_factory=lambda: array("I"))
    activations: "array[float]" = field(default_factory=lambda: array("f"))
    figures: dict[int, tuple[float, float]] = field(default_factory=dict)
    width: int = 0

    def add(self, index: int, ids: tuple[int, ...], record: RecordLine) -> None:
        """Add a record of a latent."""
        row = self.contexts.setdefault(ids, len(self.contexts))
        for position, value in enumerate(record.activations):
            if value:
                self.locations.extend((row, position, index))
                self.activations.append(value)

    def finished(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays of the file; activations are float16 where that loses nothing."""
        lengths = np.array([len(ids) for ids in self.contexts], np.int64)
        tokens = np.zeros((len(self.contexts), int(lengths.max(initial=0))), np.int64)
        for row, ids in enumerate(self.contexts):
            tokens[row, : len(ids)] = ids
        values = np.array(self.activations, np.float32)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        figures = np.array(list(self.figures.values()), np.float64).reshape(-1, 2)
        return {
            "locations": np.array(self.locations, np.uint32).reshape(-1, 3),
            "activations": half if np.array_equal(half.astype(np.float32), values) else values,
            "tokens": tokens,
            "lengths": lengths,
            "latents": np.array(list(self.figures), np.int64),
            "means": figures[:, 0].copy(),
            "rates": figures[:, 1].copy(),
        }


def write_hookpoint(
    path: Path, hookpoint: str, model: str, neurons: Iterable[NeuronLine], pieces: Pieces
) -> Iterator[Problem]:
    """Write one hookpoint; what the format cannot hold is a fault and left out."""
    arrays = _Arrays()
    for neuron in neurons:
        location = Location(record=f"{neuron.subject.name} L{neuron.layer}/{neuron.index}")
        arrays.width = max(arrays.width, neuron.subject.width, neuron.index + 1)
        if neuron.mean is not None and neuron.firing_rate is not None:
            arrays.figures[neuron.index] = (neuron.mean, neuron.firing_rate)
        yield from _records(arrays, neuron, pieces, location)
        yield from _said(path, f"{hookpoint}_latent{neuron.index}.txt", neuron, location)
    folder = path / "latents" / hookpoint
    if folder.exists():
        raise FormatError(f"two models have a {hookpoint}: choose one with --subject")
    folder.mkdir(parents=True)
    config = {"model_name": model, "ctx_len": max(map(len, arrays.contexts), default=0)}
    (folder / "config.json").write_text(json_text(config), encoding="utf-8")
    write_arrays(folder / f"0_{arrays.width - 1}.safetensors", arrays.finished())


def _records(
    arrays: _Arrays, neuron: NeuronLine, pieces: Pieces, location: Location
) -> Iterator[Problem]:
    written: set[tuple[int, ...]] = set()
    for number, record in enumerate(neuron.records):
        ids = tuple(pieces.numbers(record.tokens) or ())
        if ids and ids not in written:
            written.add(ids)
            arrays.add(neuron.index, ids, record)
            continue
        message = "its text was there before" if ids else "the tokenizer has no such tokens"
        yield Problem(
            location=location, field=f"records[{number}]", message=f"{message}; it is left out"
        )


def _said(path: Path, name: str, neuron: NeuronLine, location: Location) -> Iterator[Problem]:
    for number, explanation in enumerate(neuron.explanations):
        at = f"explanations[{number}]"
        if number:
            message = "delphi has one explanation a latent; this one is left out"
            yield Problem(location=location, field=at, message=message)
            continue
        _text(path / "explanations" / name, explanation.text)
        yield from _scores(path, name, explanation, location, at)


def _scores(
    path: Path, name: str, explanation: ExplanationLine, location: Location, at: str
) -> Iterator[Problem]:
    """Write the scores that have examples; each file gives all of its numbers again."""
    written = {
        score.method.name: examples
        for score in explanation.scores
        if (examples := raw_examples(score)) is not None
    }
    for scorer, examples in written.items():
        _text(path / "scores" / scorer.removeprefix(SCORER) / name, examples)
    for number, score in enumerate(explanation.scores):
        if score.method.name not in written:
            message = f"delphi has no place for a score by {score.method.name}; it is left out"
            yield Problem(location=location, field=f"{at}.scores[{number}]", message=message)


def _text(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json_text(value), encoding="utf-8")
