"""What OpenAI's neuron explainer says about a neuron: explanations, simulations, three scores.

A simulation's sequences belong to the neuron's records with the same tokens. A sequence that is not
among them becomes one: the tool scores as many top as random sequences, the top ones first.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from explanations.formats.fields import Fields
from explanations.formats.lines import (
    ExplanationLine,
    MethodLine,
    ScoreLine,
    SimulatedLine,
    SimulationLine,
)
from explanations.formats.reading import Excerpt, excerpt
from explanations.formats.types import LARGEST, Values
from explanations.formats.windows import WindowRecords
from explanations.records import AuthorKind, RecordKind, Scale

EXPLAINER = "openai_neuron_explainer"
SIMULATOR = MethodLine(name="openai_neuron_simulator", version=1)
UNCALIBRATED = MethodLine(name=SIMULATOR.name, version=1, config={"calibrated": False})

SCALES = {
    "neuron_activations": Scale.RAW,
    "simulated_normalized_activations": Scale.ZERO_TO_TEN,
}
# Their field, our name for a score by them, and the name of our own scorer of the same formula.
SCORES = (
    ("ev_correlation_score", "openai_correlation", "correlation"),
    ("rsquared_score", "openai_r_squared", "r_squared"),
    (
        "absolute_dev_explained_score",
        "openai_absolute_deviation_explained",
        "absolute_deviation_explained",
    ),
)


@dataclass(slots=True)
class _Simulated:
    """A simulation while its sequences are read, by the position of their record."""

    method: MethodLine
    scale: Scale | None = None
    values: dict[int, Values] = field(default_factory=dict)

    def line(self) -> SimulationLine | None:
        """Return what was read; None where that is nothing."""
        if self.scale is None:
            return None
        records = tuple(
            SimulatedLine(record=position, values=values, reason="")
            for position, values in self.values.items()
        )
        return SimulationLine(method=self.method, scale=self.scale, records=records)


def explained(results: Fields, windows: WindowRecords, before: int) -> Iterator[ExplanationLine]:
    """Read the explanations of one NeuronSimulationResults, `before` others of this neuron."""
    for number, fields in enumerate(results.objects("scored_explanations"), start=before):
        noted = len(fields.faults.found)
        text = fields.text("explanation", LARGEST).strip()
        if len(fields.faults.found) > noted:
            continue
        scored = fields.inner("scored_simulation") if fields.has("scored_simulation") else None
        yield _explanation(str(number + 1), text, scored, windows)


def _explanation(
    name: str, text: str, scored: Fields | None, windows: WindowRecords
) -> ExplanationLine:
    main, raw = _Simulated(SIMULATOR), _Simulated(UNCALIBRATED)
    tokens = 0 if scored is None else _sequences(scored, windows, main, raw)
    simulations = tuple(line for each in (main, raw) if (line := each.line()) is not None)
    return ExplanationLine(
        id=name,
        text=text,
        author_kind=AuthorKind.MODEL,
        method=MethodLine(
            name=EXPLAINER, version=1, config={} if name == "1" else {"candidate": int(name)}
        ),
        scores=() if scored is None else tuple(_scores(scored, tokens, bool(main.values))),
        simulations=simulations,
    )


def _sequences(scored: Fields, windows: WindowRecords, main: _Simulated, raw: _Simulated) -> int:
    """Read the simulated sequences into both; return how many tokens they have."""
    sequences = list(scored.objects("scored_sequence_simulations", []))
    tokens = 0
    for number, fields in enumerate(sequences):
        simulation = fields.inner("simulation")
        read = excerpt(simulation, "expected_activations")
        actual = fields.floats("true_activations")
        if read is None or len(actual) != len(read.tokens):
            if read is not None:
                fields.note("true_activations", f"{len(actual)} for {len(read.tokens)} tokens")
            continue
        kind = RecordKind.TOP if 2 * number < len(sequences) else RecordKind.RANDOM
        position = windows.position(read.tokens)
        if position is None:
            position = windows.add(Excerpt(tokens=read.tokens, activations=actual), kind)
        tokens += len(read.tokens)
        _take(simulation, read, position, main)
        if simulation.has("uncalibrated_simulation"):
            inner = simulation.inner("uncalibrated_simulation")
            if (before := excerpt(inner, "expected_activations")) is not None:
                _take(inner, before, position, raw)
    return tokens


def _take(fields: Fields, read: Excerpt, position: int, into: _Simulated) -> None:
    scale = SCALES.get(str(fields.take("activation_scale", None)))
    if scale is None or into.scale not in (None, scale):
        known = " or ".join(SCALES) if into.scale is None else "the scale of those before"
        fields.note("activation_scale", f"expected {known}")
        return
    into.scale = scale
    into.values[position] = read.activations


def _scores(scored: Fields, tokens: int, simulated: bool) -> Iterator[ScoreLine]:
    for name, method, _ in SCORES:
        noted = len(scored.faults.found)
        value = scored.number(name) if scored.has(name) else None
        if len(scored.faults.found) > noted or (value is None and not simulated):
            continue
        yield ScoreLine(
            method=MethodLine(name=method, version=1),
            simulator=SIMULATOR if simulated else None,
            value=value,
            reason="" if value is not None else "the file gives no value",
            n=tokens,
        )
