"""Our own JSON Lines format, one neuron a line: docs/import-format.md says what stands where."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from explanations.corpora.sources import JSON_LINES, TextError, tree
from explanations.formats.explained import explanations
from explanations.formats.fields import LARGEST, Fields, Problems
from explanations.formats.lines import (
    ROUNDING,
    ImportOptions,
    Location,
    NeuronLine,
    Parsed,
    Problem,
    RecordLine,
    SubjectLine,
)
from explanations.formats.reading import damage, json_value, told
from explanations.formats.writing import Rows, json_text, shortest
from explanations.records import RecordKind, Split

FORMAT = "concordance"
VERSION = 1


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
        faults, place = Problems([]), Location(file=name, line=number)
        neuron = _neuron(_json(line, faults), faults)
        if neuron is not None and not faults.found:
            known.check(neuron, place, faults)
        if neuron is None or faults.found:
            yield from told(place, faults)
        else:
            yield Parsed(location=place, line=neuron)


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


def _json(text: str | bytes, faults: Problems) -> Any:
    """Read one line's JSON; a note and an empty object where it is none."""
    raw = json_value(text, faults)
    if faults.found:
        return {}
    if not isinstance(raw, dict):
        faults.note("", "expected one JSON object a line")
        return {}
    if raw.get("format") != FORMAT:
        faults.note("format", f'expected "{FORMAT}"')
    elif raw.get("version") != VERSION:
        faults.note("version", f"this reader knows version {VERSION}")
    return raw


def _neuron(raw: Mapping[str, Any], faults: Problems) -> NeuronLine | None:
    """Read a neuron; None where what it is cannot even be asked (no JSON, another format)."""
    if faults.found:
        return None
    fields = Fields(raw, "", faults)
    fields.take("format")
    fields.take("version")
    subject = _subject(fields.inner("subject"))
    bounded = not faults.within("subject")
    maximum = fields.number("maximum")
    records = tuple(map(_record, fields.objects("records", [])))
    _records_agree(records, math.inf if faults.within("maximum") else maximum, faults)
    neuron = NeuronLine(
        subject=subject,
        layer=fields.whole("layer", high=subject.layers - 1 if bounded else LARGEST),
        index=fields.whole("index", high=subject.width - 1 if bounded else LARGEST),
        maximum=maximum,
        mean=fields.number("mean") if fields.has("mean") else None,
        firing_rate=fields.number("firing_rate", 0, 1) if fields.has("firing_rate") else None,
        records=records,
        explanations=explanations(fields, records),
    )
    fields.end()
    return neuron


def _subject(fields: Fields) -> SubjectLine:
    subject = SubjectLine(
        name=fields.text("name", 200),
        layers=fields.whole("layers", 1),
        width=fields.whole("width", 1),
        source=fields.text("source", 500, "", empty=True),
        revision=fields.text("revision", 100, "", empty=True),
        hook=fields.text("hook", 200, "", empty=True),
        dtype=fields.text("dtype", 20, "", empty=True),
        tokenizer=fields.text("tokenizer", 200, "", empty=True),
    )
    fields.end()
    return subject


def _record(fields: Fields) -> RecordLine:
    kind = fields.one_of("kind", RecordKind)
    quantile = fields.whole("quantile", 0, 3) if fields.has("quantile") else None
    if (kind == RecordKind.QUANTILE) != (quantile is not None):
        fields.note("quantile", "is given for records of the kind quantile and for no others")
    record = RecordLine(
        document=fields.text("document", 200),
        start=fields.whole("start"),
        split=fields.one_of("split", Split),
        kind=kind,
        quantile=quantile,
        tokens=fields.texts("tokens"),
        activations=fields.floats("activations"),
    )
    given = fields.has("tokens") and fields.has("activations")
    if given and len(record.tokens) != len(record.activations):
        counts = f"{len(record.activations)} numbers for {len(record.tokens)} tokens"
        fields.note("activations", counts)
    fields.end()
    return record


def _records_agree(records: tuple[RecordLine, ...], maximum: float, faults: Problems) -> None:
    """Note records given twice, documents in two splits, and activations above the maximum."""
    splits: dict[str, Split] = {}
    places: set[tuple[str, int]] = set()
    for position, record in enumerate(records):
        path = f"records[{position}]"
        if (record.document, record.start) in places:
            faults.note(path, "stands at the same place of the same document as one before")
        places.add((record.document, record.start))
        if splits.setdefault(record.document, record.split) != record.split:
            faults.note(f"{path}.split", "a document is in one split, and this one was in another")
        peak = max(record.activations, default=maximum)
        if peak > maximum and not math.isclose(peak, maximum, rel_tol=ROUNDING):
            faults.note(f"{path}.activations", f"{peak:g} is above the maximum, {maximum:g}")
