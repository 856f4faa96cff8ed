"""What the fields of a line must agree on with each other; types alone can't say it."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence

from explanations.formats.lines import (
    ROUNDING,
    ExplanationLine,
    MethodLine,
    NeuronLine,
    RecordLine,
    SimulationLine,
)

Disagreement = tuple[str, str]
"""A field's path, and what is wrong with it."""


def disagreements(neuron: NeuronLine) -> Iterator[Disagreement]:
    """Yield the fields of a neuron that contradict others."""
    for name, count in (("layer", neuron.subject.layers), ("index", neuron.subject.width)):
        if getattr(neuron, name) >= count:
            yield name, f"should be below {count}, the subject's size"
    if neuron.maximum is None:
        yield "maximum", "is missing"
    yield from _records(neuron.records, math.inf if neuron.maximum is None else neuron.maximum)
    before: list[ExplanationLine] = []
    for number, explanation in enumerate(neuron.explanations):
        for field, message in _explanation(explanation, before, neuron.records):
            yield f"explanations[{number}].{field}", message
        before.append(explanation)


def _records(records: Sequence[RecordLine], maximum: float) -> Iterator[Disagreement]:
    yield from _once("records", [(each.document, each.start) for each in records])
    splits: dict[str, str] = {}
    for number, record in enumerate(records):
        if splits.setdefault(record.document, record.split) != record.split:
            yield f"records[{number}].split", "a document is in one split, and it was in another"
        peak = max(record.activations, default=maximum)
        if peak > maximum and not math.isclose(peak, maximum, rel_tol=ROUNDING):
            yield f"records[{number}].activations", f"{peak:g} is above the maximum, {maximum:g}"


def _explanation(
    explanation: ExplanationLine, before: Sequence[ExplanationLine], records: Sequence[RecordLine]
) -> Iterator[Disagreement]:
    ids = {each.id for each in before}
    if explanation.id in ids:
        yield "id", "another explanation of this neuron has it"
    if explanation.parent is not None and explanation.parent not in ids:
        yield "parent", "no explanation before this one has that id"
    if explanation.method is not None:
        if _key(explanation.method) in {_key(each.method) for each in before}:
            yield "method", "has explained this neuron before: a method gives one explanation"
    elif explanation.text in {each.text for each in before if each.method is None}:
        yield "text", "is given twice"
    yield from _positions("shown", explanation.shown, len(records))
    simulators = [_key(each.method) for each in explanation.simulations]
    yield from _once("simulations", simulators)
    scores = explanation.scores
    yield from _once("scores", [(_key(each.method), _key(each.simulator)) for each in scores])
    for number, score in enumerate(scores):
        yield from _positions(f"scores[{number}].records", score.records, len(records))
        if score.simulator and _key(score.simulator) not in simulators:
            yield f"scores[{number}].simulator", "no simulation of this explanation is by it"
    for number, simulation in enumerate(explanation.simulations):
        for field, message in _simulation(simulation, records):
            yield f"simulations[{number}].{field}", message


def _simulation(
    simulation: SimulationLine, records: Sequence[RecordLine]
) -> Iterator[Disagreement]:
    yield from _once("records", [each.record for each in simulation.records])
    for number, simulated in enumerate(simulation.records):
        if simulated.record >= len(records):
            yield f"records[{number}].record", f"the line has {len(records)} records"
        elif simulated.values is not None:
            tokens = len(records[simulated.record].tokens)
            if len(simulated.values) != tokens:
                message = f"{len(simulated.values)} numbers for {tokens} tokens"
                yield f"records[{number}].values", message


def _positions(field: str, positions: Sequence[int], records: int) -> Iterator[Disagreement]:
    if len(set(positions)) < len(positions) or max(positions, default=-1) >= records:
        yield field, f"expected positions of the {records} records, each once"


def _once(field: str, keys: Iterable[object]) -> Iterator[Disagreement]:
    seen: set[object] = set()
    for number, key in enumerate(keys):
        if key in seen:
            yield f"{field}[{number}]", "is given twice"
        seen.add(key)


def _key(method: MethodLine | None) -> str:
    """Return what makes two methods the same."""
    if method is None:
        return ""
    return json.dumps([method.name, method.version, method.config], sort_keys=True)
