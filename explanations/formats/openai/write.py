"""Writing a neuron as OpenAI's neuron explainer has it: a NeuronRecord, NeuronSimulationResults.

What is not known of a neuron is null: its other moments, the boundaries of its quantiles, the
distributions behind expected values, the scores of single sequences.
"""

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any

from explanations.formats.lines import (
    ExplanationLine,
    Location,
    NeuronLine,
    Problem,
    RecordLine,
    ScoreLine,
    SimulatedLine,
    SimulationLine,
)
from explanations.formats.openai.explanations import SCALES, SCORES, UNCALIBRATED
from explanations.formats.writing import shortest
from explanations.records import RecordKind, Scale

TOP, DRAWN, RANDOM = (
    "most_positive_activation_records",
    "random_sample_by_quantile",
    "random_sample",
)
QUARTERS = 4


def unplaced(neuron: NeuronLine) -> Iterator[Problem]:
    """Yield what is said about a neuron and has no place in these files."""
    location = Location(record=f"{neuron.subject.name} L{neuron.layer}/{neuron.index}")
    for number, explanation in enumerate(neuron.explanations):
        main = _main(explanation)
        others = [s for s in explanation.simulations if s != main and s.method != UNCALIBRATED]
        gaps = [each for each in (main.records if main else ()) if not _full(each)]
        written = [_written(explanation, main, names) for _, *names in SCORES]
        scores = [each for each in explanation.scores if each not in written]
        for left, what in ((others, "simulations"), (gaps, "sequences"), (scores, "scores")):
            if left:
                message = f"{len(left)} {what} have no place in these files; they are left out"
                yield Problem(location=location, field=f"explanations[{number}]", message=message)


def record(neuron: NeuronLine) -> dict[str, Any]:
    """Return a NeuronRecord; what is not known of the neuron is null."""
    groups = [
        [_raw_excerpt(each) for each in neuron.records if each.quantile == quarter]
        for quarter in range(QUARTERS)
    ]
    return {
        "dataclass_name": "NeuronRecord",
        "neuron_id": {
            "dataclass_name": "NeuronId",
            "layer_index": neuron.layer,
            "neuron_index": neuron.index,
        },
        RANDOM: _of_kind(neuron, RecordKind.RANDOM),
        DRAWN: groups,
        "quantile_boundaries": None,
        "mean": neuron.mean,
        "variance": None,
        "skewness": None,
        "kurtosis": None,
        TOP: _of_kind(neuron, RecordKind.TOP),
    }


def _of_kind(neuron: NeuronLine, kind: RecordKind) -> list[dict[str, Any]]:
    return [_raw_excerpt(each) for each in neuron.records if each.kind == kind]


def _raw_excerpt(record: RecordLine) -> dict[str, Any]:
    return {
        "dataclass_name": "ActivationRecord",
        "tokens": list(record.tokens),
        "activations": shortest(record.activations),
    }


def results(neuron: NeuronLine) -> dict[str, Any]:
    """Return NeuronSimulationResults with all that is said about a neuron, as far as it can be."""
    return {
        "dataclass_name": "NeuronSimulationResults",
        "neuron_id": {
            "dataclass_name": "NeuronId",
            "layer_index": neuron.layer,
            "neuron_index": neuron.index,
        },
        "scored_explanations": [
            {
                "dataclass_name": "ScoredExplanation",
                "explanation": each.text,
                "scored_simulation": _raw_scored(each, neuron.records),
            }
            for each in neuron.explanations
        ],
    }


def _raw_scored(explanation: ExplanationLine, records: tuple[RecordLine, ...]) -> dict[str, Any]:
    main = _main(explanation)
    raw = next((s for s in explanation.simulations if s.method == UNCALIBRATED), None)
    before = {} if raw is None else {each.record: each for each in raw.records}
    sequences = [
        _raw_sequence(records[each.record], each, main.scale, before)
        for each in (main.records if main else ())
        if main is not None and _full(each)
    ]
    return {
        "dataclass_name": "ScoredSimulation",
        "scored_sequence_simulations": sequences,
        **{name: _value(_written(explanation, main, names)) for name, *names in SCORES},
    }


def _main(explanation: ExplanationLine) -> SimulationLine | None:
    """Return the simulation that is written: the first that is not what another was before."""
    return next((s for s in explanation.simulations if s.method != UNCALIBRATED), None)


def _full(simulated: SimulatedLine) -> bool:
    return simulated.values is not None and not any(map(isnan, simulated.values))


def _written(
    explanation: ExplanationLine, main: SimulationLine | None, names: list[str]
) -> ScoreLine | None:
    """Return the score of the written simulation by one formula, theirs before ours."""
    simulator = main.method if main else None
    found = {each.method.name: each for each in explanation.scores if each.simulator == simulator}
    return next((found[name] for name in names if name in found), None)


def _value(score: ScoreLine | None) -> float | None:
    return score.value if score else None


def _raw_sequence(
    record: RecordLine,
    simulated: SimulatedLine,
    scale: Scale,
    before: Mapping[int, SimulatedLine],
) -> dict[str, Any]:
    raw = before.get(simulated.record)
    simulation = _raw_simulation(record, simulated, scale)
    if raw is not None and raw.values is not None:
        simulation["uncalibrated_simulation"] = _raw_simulation(record, raw, Scale.ZERO_TO_TEN)
    return {
        "dataclass_name": "ScoredSequenceSimulation",
        "simulation": simulation,
        "true_activations": shortest(record.activations),
        "ev_correlation_score": None,
        "rsquared_score": None,
        "absolute_dev_explained_score": None,
    }


def _raw_simulation(record: RecordLine, simulated: SimulatedLine, scale: Scale) -> dict[str, Any]:
    return {
        "dataclass_name": "SequenceSimulation",
        "tokens": list(record.tokens),
        "expected_activations": shortest(simulated.values or ()),
        "activation_scale": next(name for name, is_ in SCALES.items() if is_ == scale),
        "distribution_values": [],
        "distribution_probabilities": [],
        "uncalibrated_simulation": None,
    }
