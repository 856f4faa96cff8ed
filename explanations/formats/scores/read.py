"""Scores that others found: causal scrubbing, tracing, edits, a colleague's scorer.

A table with a header (CSV) or JSON lines with the same names; a row is one number about one
explanation that is stored already. `docs/formats.md` says which columns there are.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from explanations.corpora.sources import JSON_LINES, File, TextError, tree
from explanations.formats.fields import LARGEST, Fields, Problems
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
from explanations.formats.writing import Rows
from explanations.records import NeuronRef

CSV = (".csv",)
COLUMNS = (
    *("explanation", "subject", "layer", "index", "text", "explainer"),
    *("method", "metric", "value", "reason", "n", "baseline", "seed"),
)
_NUMBERS = ("explanation", "layer", "index", "value", "n", "baseline", "seed")
# A cell holds an explanation, and code may be one.
_LONGEST_CELL = 2**24


def read(place: str, options: ImportOptions) -> Iterator[Parsed | Problem]:
    """Read a file or a folder of them, row by row."""
    for file in tree(place, (*CSV, *JSON_LINES)):
        found = _table(file) if file.suffix in CSV else rows(file)
        for at, raw, faults in found:
            score = None
            if not faults.found:
                fields = Fields(raw, "", faults)
                score = _score(fields, options)
                fields.end()
            if score is None or faults.found:
                yield from told(at, faults)
            else:
                yield Parsed(location=at, line=score)


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


def _score(fields: Fields, options: ImportOptions) -> ExternalScore | None:
    """Read a row; what is wrong with it is noted."""
    by_number = fields.has("explanation")
    by_text = fields.has("text")
    if by_number == by_text:
        fields.note("explanation", "expected its number, or else subject, layer, index and text")
        return None
    neuron = None
    if by_text or fields.has("layer") or fields.has("index"):
        neuron = NeuronRef(layer=fields.whole("layer"), index=fields.whole("index"))
    return ExternalScore(
        number=fields.whole("explanation", 1) if by_number else None,
        subject=_subject(fields, options, needed=by_text),
        neuron=neuron,
        text=fields.text("text", LARGEST).strip() if by_text else "",
        explainer=fields.text("explainer", 100) if fields.has("explainer") else "",
        score=_line(fields),
    )


def _subject(fields: Fields, options: ImportOptions, *, needed: bool) -> str:
    if fields.has("subject") or (needed and not options.subject):
        return fields.text("subject", 200)
    return options.subject


def _line(fields: Fields) -> ScoreLine:
    value = fields.number("value") if fields.has("value") else None
    given = fields.has("value")
    if given == fields.has("reason"):
        message = "expected a value or a reason, not both" if given else "is empty: give a reason"
        fields.note("value", message)
    baseline = fields.take("baseline", None)
    measured = isinstance(baseline, int | float)
    return ScoreLine(
        method=_method(fields, named=baseline is not None and not measured),
        simulator=None,
        value=value,
        reason=fields.text("reason", 300) if fields.has("reason") else "",
        n=fields.whole("n"),
        details={"baseline": fields.number("baseline")} if measured else {},
    )


def _method(fields: Fields, *, named: bool) -> MethodLine:
    """Return the method: metric, seed and a baseline with a name are its configuration."""
    config: dict[str, Any] = {"metric": fields.text("metric", 100)}
    if named:
        config["baseline"] = fields.text("baseline", 200)
    if fields.has("seed"):
        config["seed"] = fields.whole("seed")
    return MethodLine(name=fields.text("method", 100), version=1, config=config)


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
