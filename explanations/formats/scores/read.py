"""Scores that others found: causal scrubbing, tracing, edits, a colleague's scorer.

A table with a header (CSV) or JSON lines with the same names; a row is one number about one
explanation that is stored already. `docs/formats.md` says which columns there are.
"""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import PlainValidator, TypeAdapter, model_validator

from explanations.corpora.sources import JSON_LINES, File, TextError, tree
from explanations.formats.fields import Problems, number_fault, text_fault
from explanations.formats.lines import (
    ExternalScore,
    ImportOptions,
    Location,
    MethodLine,
    NeuronLine,
    Parsed,
    Problem,
    ScoreLine,
)
from explanations.formats.reading import damage, rows, told
from explanations.formats.types import (
    FullText,
    Index,
    Name,
    Number,
    Positive,
    Reason,
    ShortName,
    Strict,
    problem,
)
from explanations.formats.validation import validated
from explanations.formats.writing import Rows
from explanations.records import NeuronRef

CSV = (".csv",)
COLUMNS = (
    *("explanation", "subject", "layer", "index", "text", "explainer"),
    *("method", "metric", "value", "reason", "n", "baseline", "seed"),
)


def _baseline(raw: object) -> float | str | None:
    """Return a number, or the name of a baseline."""
    if raw is None or (isinstance(raw, str) and not text_fault(raw, 200, empty=False)):
        return raw
    if not number_fault(raw, -math.inf, math.inf):
        return float(str(raw))
    raise ValueError("expected a finite number, or a name of at most 200 characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row(Strict):
    """One number about one explanation; `docs/formats.md` says what the columns hold."""

    method: ShortName
    metric: ShortName
    n: Index
    explanation: Positive | None = None
    subject: Name | None = None
    layer: Index | None = None
    index: Index | None = None
    text: FullText | None = None
    explainer: ShortName | None = None
    value: Number | None = None
    reason: Reason = ""
    baseline: Annotated[float | str | None, PlainValidator(_baseline)] = None
    seed: Index | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if (self.explanation is None) == (self.text is None):
            message = "expected its number, or else subject, layer, index and text"
            raise problem("explanation", message)
        if (self.value is None) != bool(self.reason.strip()):
            given = self.value is not None
            both = "expected a value or a reason, not both"
            raise problem("value", both if given else "is empty: give a reason")
        return self

    @property
    def score(self) -> ScoreLine:
        """The score; metric, seed and a baseline with a name are its method's configuration."""
        config: dict[str, Any] = {"metric": self.metric}
        details: dict[str, Any] = {}
        if isinstance(self.baseline, str):
            config["baseline"] = self.baseline
        elif self.baseline is not None:
            details["baseline"] = self.baseline
        if self.seed is not None:
            config["seed"] = self.seed
        return ScoreLine(
            method=MethodLine(name=self.method, version=1, config=config),
            value=self.value,
            reason=self.reason,
            n=self.n,
            details=details,
        )


_ROW = TypeAdapter(_Row)
_NUMBERS = ("explanation", "layer", "index", "value", "n", "baseline", "seed")
# A cell holds an explanation, and code may be one.
_LONGEST_CELL = 2**24


def read(place: str, options: ImportOptions) -> Iterator[Parsed | Problem]:
    """Read a file or a folder of them, row by row."""
    for file in tree(place, (*CSV, *JSON_LINES)):
        found = _table(file) if file.suffix in CSV else rows(file)
        for location, raw, problems in found:
            score = None if problems.found else _score(raw, options, problems)
            if score is None or problems.found:
                yield from told(location, problems)
            else:
                yield Parsed(location=location, line=score)


def write(neurons: Iterable[NeuronLine], path: Path, options: ImportOptions) -> Iterator[Problem]:
    """Write the scores of all explanations, as CSV or, where the name ends so, as JSON lines.

    Of scores that the columns cannot tell apart the first is written.
    """
    found = (row for neuron in neurons for row in _rows(neuron))
    if path.suffix in CSV:
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            for row in found:
                if isinstance(row, Problem):
                    yield row
                else:
                    table.writerow(row)
        return
    with Rows(path) as lines:
        for row in found:
            if isinstance(row, Problem):
                yield row
            else:
                lines.add({name: value for name, value in row.items() if value is not None})


def _table(file: File) -> Iterator[tuple[Location, Any, Problems]]:
    """Yield each row of a table as an object without its empty cells."""
    csv.field_size_limit(_LONGEST_CELL)
    location = Location(file=file.name, line=1)
    try:
        with file.open() as handle:
            text = TextIOWrapper(handle, encoding="utf-8-sig", newline="")
            table = csv.DictReader(text, strict=True)
            for row in table:
                location = Location(file=file.name, line=table.line_num)
                faults = Problems([])
                yield location, _cells(row, faults), faults
    except (TextError, csv.Error, UnicodeDecodeError) as error:
        what = damage(file, error) if isinstance(error, TextError) else str(error)
        yield location, None, Problems([("", f"is no table that can be read: {what}")])


def _cells(row: Mapping[str | None, Any], faults: Problems) -> dict[str, Any]:
    """Return a row's cells that hold something, numbers as numbers."""
    if None in row:
        faults.note("", "has more cells than the table has columns")
    full = {name: cell for name, cell in row.items() if name is not None and cell}
    return {name: _number(cell) if name in _NUMBERS else cell for name, cell in full.items()}


def _number(cell: str) -> Any:
    """Read a cell as JSON would; what is no number stays a text, and is told as one."""
    try:
        value = json.loads(cell)
    except ValueError:
        return cell
    return value if isinstance(value, int | float) else cell


def _score(raw: Any, options: ImportOptions, problems: Problems) -> ExternalScore | None:
    """Return a row as a score; None and the problems noted if there are any."""
    row = validated(_ROW, raw, problems)
    if row is None:
        return None
    by_text = row.text is not None
    subject = row.subject or options.subject
    if by_text and not subject:
        problems.note("subject", "is missing")
    neuron = None
    if by_text or row.layer is not None or row.index is not None:
        for name in ("layer", "index"):
            if getattr(row, name) is None:
                problems.note(name, "is missing")
        neuron = NeuronRef(layer=row.layer or 0, index=row.index or 0)
    return ExternalScore(
        number=row.explanation,
        subject=subject or "",
        neuron=neuron,
        text=row.text or "",
        explainer=row.explainer or "",
        score=row.score,
    )


def _rows(neuron: NeuronLine) -> Iterator[dict[str, Any] | Problem]:
    said = [each.text for each in neuron.explanations]
    for number, explanation in enumerate(neuron.explanations):
        written: set[tuple[Any, ...]] = set()
        by = explanation.method.name if explanation.method else None
        whose = {
            "subject": neuron.subject.name,
            "layer": neuron.layer,
            "index": neuron.index,
            "text": explanation.text,
            "explainer": by if said.count(explanation.text) > 1 else None,
        }
        for score in explanation.scores:
            row = whose | _row(score)
            key = tuple(row[name] for name in ("method", "metric", "baseline", "seed"))
            if key in written:
                location = Location(record=f"{neuron.subject.name} L{neuron.layer}/{neuron.index}")
                message = f"another score by {row['method']} is written; this one is left out"
                yield Problem(
                    location=location, field=f"explanations[{number}].scores", message=message
                )
            else:
                written.add(key)
                yield row


def _row(score: ScoreLine) -> dict[str, Any]:
    """Return what a row says of a score: named with the part it is of, and with its simulator."""
    name, config = score.method.name, score.method.config
    if "on" in config:
        name = f"{name} on {config['on']}"
    return {
        "method": f"{name} of {score.simulator.name}" if score.simulator else name,
        "metric": config.get("metric", name),
        "value": score.value,
        "reason": score.reason or None,
        "n": score.n,
        "baseline": config.get("baseline", score.details.get("baseline")),
        "seed": config.get("seed"),
    }
