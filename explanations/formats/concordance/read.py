"""Our own JSON Lines format, one neuron a line: docs/import-format.md says what stands where."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from explanations.corpora.sources import JSON_LINES, TextError, tree
from explanations.formats.concordance.agreement import disagreements
from explanations.formats.fields import Problems
from explanations.formats.lines import (
    ImportOptions,
    Location,
    NeuronLine,
    Parsed,
    Problem,
    SubjectLine,
)
from explanations.formats.reading import damage, json_value, told
from explanations.formats.validation import validated
from explanations.formats.writing import Rows, json_text, shortest

FORMAT = "concordance"
VERSION = 1
_LINE = TypeAdapter(NeuronLine)


def read(place: str, options: ImportOptions) -> Iterator[Parsed | Problem]:
    """Read a file or a folder of them; only a line, and which neurons came before, is ever held."""
    known = _Known()
    for file in tree(place, JSON_LINES):
        at = Location(file=file.name)
        try:
            with file.open() as handle:
                yield from _read(handle, file.name, known)
        except TextError as error:
            yield Problem(location=at, field="", message=damage(file, error))


def parse(lines: Iterable[str | bytes]) -> Iterator[Parsed | Problem]:
    """Give each good line's neuron, and every fault of every bad line, in order.

    Nothing raises on bad data; a blank line is passed over.
    """
    yield from _read(lines, "", _Known())


def write(neurons: Iterable[NeuronLine], path: Path, options: ImportOptions) -> Iterator[Problem]:
    """Write a file, one neuron a line; everything about it can be written."""
    with Rows(path) as rows:
        for neuron in neurons:
            rows.line(dump(neuron))
    yield from ()


def _read(lines: Iterable[str | bytes], name: str, known: "_Known") -> Iterator[Parsed | Problem]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        problems, location = Problems([]), Location(file=name, line=number)
        neuron = _neuron(line, problems)
        if neuron is not None:
            known.check(neuron, location, problems)
        if neuron is None or problems.found:
            yield from told(location, problems)
        else:
            yield Parsed(location=location, line=neuron)


def dump(neuron: NeuronLine) -> str:
    """Write a neuron as one line, without its end; reading it gives an equal neuron."""
    raw = {"format": FORMAT, "version": VERSION, **asdict(neuron)}
    for record in raw["records"]:
        record["activations"] = shortest(record["activations"])
    for explanation in raw["explanations"]:
        _drop_empty(explanation, "details")
        for simulation in explanation["simulations"]:
            _drop_empty(simulation, "details")
            simulation["records"] = [_simulated(each) for each in simulation["records"]]
        for score in explanation["scores"]:
            _drop_empty(score, "low", "high", "records", "details")
        explanation["scores"] = [_value_or_reason(score) for score in explanation["scores"]]
    return json_text(raw)


def _drop_empty(raw: dict[str, Any], *names: str) -> None:
    """Drop what later versions of the format came to know, where it says nothing."""
    for name in names:
        if raw[name] in (None, {}, ()):
            del raw[name]


def _simulated(raw: dict[str, Any]) -> dict[str, Any]:
    if raw["values"] is not None:
        raw["values"] = [None if math.isnan(each) else each for each in shortest(raw["values"])]
    return _value_or_reason(raw, "values")


def _value_or_reason(raw: dict[str, Any], value: str = "value") -> dict[str, Any]:
    """Leave out the one of the two that says nothing."""
    silent = "reason" if raw[value] is not None else value
    return {name: given for name, given in raw.items() if name != silent}


class _Known:
    """The neurons and subjects of the lines before, to tell what contradicts them."""

    def __init__(self) -> None:
        self._neurons: dict[tuple[str, int, int], Location] = {}
        self._subjects: dict[str, tuple[SubjectLine, Location]] = {}

    def check(self, neuron: NeuronLine, location: Location, faults: Problems) -> None:
        """Note a neuron that was there before, and a subject that was another before."""
        key = (neuron.subject.name, neuron.layer, neuron.index)
        first = self._neurons.setdefault(key, location)
        if first != location:
            faults.note("index", f"this neuron is on {_on(first, location)} already")
        subject, first = self._subjects.setdefault(neuron.subject.name, (neuron.subject, location))
        if subject != neuron.subject:
            faults.note("subject", f"is not the one of that name on {_on(first, location)}")


def _on(first: Location, now: Location) -> str:
    """Say where something stood first, seen from where it stands now."""
    return f"line {first.line}" + (f" of {first.file}" if first.file != now.file else "")


def _neuron(text: str | bytes, problems: Problems) -> NeuronLine | None:
    """Return the neuron of a line; None and the problems noted if there are any."""
    raw = json_value(text, problems)
    if problems.found:
        return None
    if not isinstance(raw, dict):
        problems.note("", "expected one JSON object a line")
    elif raw.pop("format", None) != FORMAT:
        problems.note("format", f'expected "{FORMAT}"')
    elif raw.pop("version", None) != VERSION:
        problems.note("version", f"this reader knows version {VERSION}")
    if problems.found:
        return None
    neuron = validated(_LINE, raw, problems)
    for field, message in disagreements(neuron) if neuron else ():
        problems.note(field, message)
    return None if problems.found else neuron
