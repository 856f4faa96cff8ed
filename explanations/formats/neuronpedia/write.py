"""Writing Neuronpedia's export: rows of 1024 features a batch, in three folders a source."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from explanations.formats.lines import ExplanationLine, Location, NeuronLine, Problem, RecordLine
from explanations.formats.neuronpedia.activations import bounds
from explanations.formats.neuronpedia.export import (
    ACTIVATIONS,
    EXPLAINER,
    EXPLANATIONS,
    FEATURES,
    FOLDERS,
)
from explanations.formats.writing import Rows, made_id, shortest
from explanations.records import RecordKind

BATCH = 1024


class Writer:
    """Writes neurons one by one; those of one layer of a subject follow each other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._source = ("", "")
        self._counts: dict[tuple[str, str], int] = {}
        self._open: dict[str, Rows] = {}

    def add(self, neuron: NeuronLine) -> Iterator[Problem]:
        """Write a neuron's rows, and yield what has no place in them."""
        model, _, of = neuron.subject.name.rpartition("/")
        model, of = (model, of) if model else (of, "")
        source = f"{neuron.layer}-{of}" if of else str(neuron.layer)
        whose = {"modelId": model, "layer": source, "index": str(neuron.index)}
        number = self._counts.get((model, source), 0)
        if (model, source) != self._source or number % BATCH == 0:
            self._begin(model, source, number // BATCH)
        self._counts[model, source] = number + 1
        self._open[FEATURES].add(whose | _feature(neuron))
        for record in neuron.records:
            self._open[ACTIVATIONS].add(whose | _activation(record, whose, neuron.maximum or 0.0))
        for explanation in neuron.explanations:
            self._open[EXPLANATIONS].add(whose | _explanation(explanation, whose))
        yield from _unplaced(neuron)

    def close(self) -> None:
        """Finish the files that are open."""
        for rows in self._open.values():
            rows.close()
        self._open = {}

    def _begin(self, model: str, source: str, batch: int) -> None:
        self.close()
        self._source = (model, source)
        folder = self._path / "v1" / model / source
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
            self._open[name] = Rows(folder / name / f"batch-{batch}.jsonl.gz")


def _unplaced(neuron: NeuronLine) -> Iterator[Problem]:
    location = Location(record=f"{neuron.subject.name} L{neuron.layer}/{neuron.index}")
    for number, explanation in enumerate(neuron.explanations):
        for name in ("simulations", "scores"):
            if left := getattr(explanation, name):
                message = f"{len(left)} {name} have no place in the export; they are left out"
                yield Problem(location=location, field=f"explanations[{number}]", message=message)


def _feature(neuron: NeuronLine) -> dict[str, Any]:
    return {"maxActApprox": neuron.maximum, "frac_nonzero": neuron.firing_rate}


def _activation(record: RecordLine, whose: dict[str, str], maximum: float) -> dict[str, Any]:
    values = shortest(record.activations)
    peak = max(values, default=0.0)
    quantile = record.quantile
    if record.kind == RecordKind.RANDOM:
        # The format has no random draws: one goes to the interval of its peak.
        quantile = min(3, max(0, int(5 * peak / maximum))) if maximum > 0 else 0
    low, high = bounds(quantile, maximum)
    return {
        "id": made_id(*whose.values(), record.document, record.start),
        "dataSource": None,
        "tokens": list(record.tokens),
        "values": values,
        "maxValue": peak,
        "maxValueTokenIndex": values.index(peak) if values else None,
        "minValue": min(values, default=0.0),
        "binMin": low,
        "binMax": high,
        "binContains": -1.0 if quantile is None else None,
    }


def _explanation(explanation: ExplanationLine, whose: dict[str, str]) -> dict[str, Any]:
    method = explanation.method
    config = method.config if method else {}
    name = config.get("type") if method and method.name == EXPLAINER else method and method.name
    return {
        "id": made_id(*whose.values(), explanation.text, name, config.get("model")),
        "description": explanation.text,
        "typeName": name,
        "explanationModelName": config.get("model"),
    }
