"""Reading what a line says about its neuron: explanations, their simulations and scores."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from explanations.formats.fields import LARGEST, Fields, storable
from explanations.formats.lines import (
    ExplanationLine,
    MethodLine,
    RecordLine,
    ScoreLine,
    SimulatedLine,
    SimulationLine,
)
from explanations.records import AuthorKind, Scale


def explanations(line: Fields, records: Sequence[RecordLine]) -> tuple[ExplanationLine, ...]:
    """Read a line's explanations; ids, texts and parents must agree with those before."""
    read: list[ExplanationLine] = []
    for fields in line.objects("explanations", []):
        explanation = _explanation(fields, records)
        _agrees(explanation, read, fields)
        read.append(explanation)
    return tuple(read)


def _explanation(fields: Fields, records: Sequence[RecordLine]) -> ExplanationLine:
    author = fields.one_of("author_kind", AuthorKind)
    method = _method(fields, "method") if fields.has("method") else None
    if method is None and author != AuthorKind.HUMAN:
        fields.note("method", f"an explanation by a {author} has a method")
    simulations = tuple(_simulation(each, records) for each in fields.objects("simulations", []))
    explanation = ExplanationLine(
        id=fields.text("id", 200),
        text=fields.text("text", LARGEST).strip(),
        author_kind=author,
        method=method,
        parent=fields.text("parent", 200) if fields.has("parent") else None,
        shown=_positions(fields, "shown", len(records)),
        scores=tuple(
            _score(each, simulations, len(records)) for each in fields.objects("scores", [])
        ),
        simulations=simulations,
        details=_object(fields, "details"),
    )
    _once("scores", [(_key(s.method), _key(s.simulator)) for s in explanation.scores], fields)
    _once("simulations", [_key(each.method) for each in simulations], fields)
    fields.end()
    return explanation


def _agrees(explanation: ExplanationLine, before: list[ExplanationLine], fields: Fields) -> None:
    if explanation.id in {each.id for each in before}:
        fields.note("id", "another explanation of this neuron has it already")
    if explanation.parent is not None and explanation.parent not in {each.id for each in before}:
        fields.note("parent", "no explanation before this one has that id")
    if explanation.method is not None:
        if _key(explanation.method) in {_key(each.method) for each in before}:
            fields.note("method", "explains this neuron already: one explanation a method")
    elif explanation.text in {each.text for each in before if each.method is None}:
        fields.note("text", "is given already")


def _positions(fields: Fields, name: str, records: int) -> tuple[int, ...]:
    """Read an array of positions of the line's records, each once."""
    raw = fields.array(name, [])
    good = [position for position in raw if type(position) is int and 0 <= position < records]
    if len(good) < len(raw) or len(set(good)) < len(good):
        fields.note(name, f"expected positions of the {records} records, each once")
    return tuple(good)


def _method(fields: Fields, name: str) -> MethodLine:
    inner = fields.inner(name)
    method = MethodLine(
        name=inner.text("name", 100),
        version=inner.whole("version"),
        config=_object(inner, "config"),
    )
    inner.end()
    return method


def _object(fields: Fields, name: str) -> dict[str, Any]:
    """Read an object of anything that a database keeps; {} where there is none."""
    raw = fields.take(name, {})
    if not isinstance(raw, dict):
        fields.note(name, "expected an object")
        return {}
    if not _is_storable(raw):
        fields.note(name, "holds a value that no database keeps")
    return raw


def _is_storable(value: object) -> bool:
    """Say whether a JSON value is free of NaN, infinity, NUL and halves of surrogate pairs."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return all(_is_storable(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return all(map(_is_storable, value))
    return not isinstance(value, float) or abs(value) < float("inf")


def _score(fields: Fields, simulations: Sequence[SimulationLine], records: int) -> ScoreLine:
    simulator = _method(fields, "simulator") if fields.has("simulator") else None
    if simulator and _key(simulator) not in {_key(each.method) for each in simulations}:
        fields.note("simulator", "no simulation of this explanation is by it")
    value = fields.number("value") if fields.has("value") else None
    ends = fields.has("low"), fields.has("high")
    if any(ends) and not (all(ends) and fields.has("value")):
        fields.note("low", "an interval has two ends, low and high, and a value")
    score = ScoreLine(
        method=_method(fields, "method"),
        simulator=simulator,
        value=value,
        reason=_reason(fields, "value"),
        n=fields.whole("n"),
        low=fields.number("low") if fields.has("low") else None,
        high=fields.number("high") if fields.has("high") else None,
        records=_positions(fields, "records", records),
        details=_object(fields, "details"),
    )
    fields.end()
    return score


def _reason(fields: Fields, instead_of: str) -> str:
    """Read a reason, which is there exactly where what it is for is not."""
    given = fields.has("reason")
    if given == fields.has(instead_of):
        fields.note(instead_of, "expected either this or a reason")
    return fields.text("reason", 300) if given else ""


def _simulation(fields: Fields, records: Sequence[RecordLine]) -> SimulationLine:
    simulated = tuple(_simulated(each, records) for each in fields.objects("records"))
    _once("records", [each.record for each in simulated], fields)
    simulation = SimulationLine(
        method=_method(fields, "method"),
        scale=fields.one_of("scale", Scale),
        records=simulated,
        details=_object(fields, "details"),
    )
    fields.end()
    return simulation


def _simulated(fields: Fields, records: Sequence[RecordLine]) -> SimulatedLine:
    simulated = SimulatedLine(
        record=fields.whole("record", 0, max(0, len(records) - 1)),
        values=fields.floats("values", gaps=True) if fields.has("values") else None,
        reason=_reason(fields, "values"),
    )
    if not records:
        fields.note("record", "the line has no records")
    elif simulated.values is not None:
        tokens = len(records[simulated.record].tokens)
        if len(simulated.values) != tokens:
            fields.note("values", f"{len(simulated.values)} numbers for {tokens} tokens")
    fields.end()
    return simulated


def _once(name: str, keys: Iterable[object], fields: Fields) -> None:
    seen: set[object] = set()
    for position, key in enumerate(keys):
        if key in seen:
            fields.note(f"{name}[{position}]", "is given already")
        seen.add(key)


def _key(method: MethodLine | None) -> str:
    """Return what makes two methods one."""
    if method is None:
        return ""
    return json.dumps([method.name, method.version, method.config], sort_keys=True)
