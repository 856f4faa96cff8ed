"""Our own JSON Lines format, one neuron a line: docs/import-format.md says what stands where."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from explanations.formats.explained import explanations
from explanations.formats.fields import LARGEST, Faults, Fields
from explanations.formats.lines import Fault, NeuronLine, RecordLine, SubjectLine
from explanations.records import RecordKind, Split

FORMAT = "concordance"
VERSION = 1

# Activations may be above the maximum by what rounding to float32 can do.
_ROUNDING = 1e-6


def read(lines: Iterable[str | bytes]) -> Iterator[NeuronLine | Fault]:
    """Give each good line's neuron, and every fault of every bad line, in order.

    Nothing raises on bad data; a blank line is passed over. `lines` may be a file open for reading
    in binary. Only a line, and which neurons came before it, is ever held.
    """
    known = _Known()
    for number, line in enumerate(lines, 1):
        text = line.decode("utf-8", "surrogateescape") if isinstance(line, bytes) else line
        if not text.strip():
            continue
        faults = Faults([])
        neuron = _neuron(_json(text, faults), faults)
        if neuron is not None and not faults.found:
            known.check(neuron, number, faults)
        if neuron is None or faults.found:
            for path, message in faults.found:
                yield Fault(line=number, field=path, message=message)
        else:
            yield neuron


def dump(neuron: NeuronLine) -> str:
    """Write a neuron as one line, without its end; reading it gives an equal neuron."""
    raw = {"format": FORMAT, "version": VERSION, **asdict(neuron)}
    for record in raw["records"]:
        record["activations"] = _shortest(record["activations"])
    for explanation in raw["explanations"]:
        for simulation in explanation["simulations"]:
            simulation["records"] = [_simulated(each) for each in simulation["records"]]
        explanation["scores"] = [_value_or_reason(score) for score in explanation["scores"]]
    return json.dumps(raw, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _simulated(raw: dict[str, Any]) -> dict[str, Any]:
    if raw["values"] is not None:
        raw["values"] = _shortest(raw["values"])
    return _value_or_reason(raw, "values")


def _value_or_reason(raw: dict[str, Any], value: str = "value") -> dict[str, Any]:
    """Leave out the one of the two that says nothing."""
    silent = "reason" if raw[value] is not None else value
    return {name: given for name, given in raw.items() if name != silent}


def _shortest(values: Iterable[float]) -> list[float]:
    """Write numbers with the fewest digits that give the same float32 again."""
    exact = np.array(list(values), dtype=np.float32)
    short = np.array([float(str(value)) for value in exact], dtype=np.float64)
    result: list[float] = np.where(short.astype(np.float32) == exact, short, exact).tolist()
    return result


class _Known:
    """The neurons and subjects of the lines before, to tell what contradicts them."""

    def __init__(self) -> None:
        self._neurons: dict[tuple[str, int, int], int] = {}
        self._subjects: dict[str, tuple[SubjectLine, int]] = {}

    def check(self, neuron: NeuronLine, line: int, faults: Faults) -> None:
        """Note a neuron that was there before, and a subject that was another before."""
        key = (neuron.subject.name, neuron.layer, neuron.index)
        first = self._neurons.setdefault(key, line)
        if first != line:
            faults.note("index", f"this neuron is on line {first} already")
        subject, first = self._subjects.setdefault(neuron.subject.name, (neuron.subject, line))
        if subject != neuron.subject:
            faults.note("subject", f"is not the one of that name on line {first}")


def _json(text: str, faults: Faults) -> Any:
    """Read one line's JSON; a note and an empty object where it is none."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        faults.note("", f"is no JSON: {str(error)[:150]}")
        return {}
    if not isinstance(raw, dict):
        faults.note("", "expected one JSON object a line")
        return {}
    if raw.get("format") != FORMAT:
        faults.note("format", f'expected "{FORMAT}"')
    elif raw.get("version") != VERSION:
        faults.note("version", f"this reader knows version {VERSION}")
    return raw


def _neuron(raw: Mapping[str, Any], faults: Faults) -> NeuronLine | None:
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


def _records_agree(records: tuple[RecordLine, ...], maximum: float, faults: Faults) -> None:
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
        if peak > maximum and not math.isclose(peak, maximum, rel_tol=_ROUNDING):
            faults.note(f"{path}.activations", f"{peak:g} is above the maximum, {maximum:g}")
