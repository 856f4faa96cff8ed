"""An export's judgments of any form as an analysis takes them, but for comparisons."""

from collections.abc import Callable, Iterator, Mapping
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data import from_rows
from studies.analysis.data.answers import (
    NONE,
    PEOPLE,
    Answers,
    AnswerTables,
    JudgmentRow,
    ResponseRow,
    Rival,
    answers,
    people_of,
)
from studies.analysis.data.ratings import Array
from studies.analysis.data.tables import Flow, Scores
from studies.analysis.protocols.reading import Asked, dimensions, responses, shown_options

Lines = Callable[[str], Iterator[dict[str, Any]]]
"""From a table's name to its rows."""
Numbers = dict[Any, int]


def read_answers(
    study: Mapping[str, Any],
    lines: Lines,
    *,
    raters: Numbers,
    neurons: Numbers,
    flow: Flow,
    scores: tuple[Scores, ...],
) -> AnswerTables:
    """Return the tables of a study that compares no pairs; KeyError for a field that is not there.

    `raters` and `neurons` number what they are asked for.
    """
    items = {row["item"]: row for row in lines("items")}
    first = min(items, default=None)
    rubric = dimensions({} if first is None else items[first]["payload"])
    paints = study["analysed_as"] == "simulate"
    actual = {row["record"]: row["actual"] for row in lines("records")} if paints else {}
    adopted = {row["judgment"]: row["explanation"] for row in lines("adoptions")}
    conditions = tuple(condition["name"] for condition in study["conditions"])
    place: dict[str | None, int] = {name: at for at, name in enumerate(conditions)}

    def given() -> Iterator[tuple[JudgmentRow, Iterator[ResponseRow]]]:
        for row in lines("judgments"):
            if row["tests_rater"] or "cannot_tell" in row["answer"]:
                continue
            records = items[row["item"]]["records"]
            asked = Asked(
                options=shown_options(_shown(row, place)),
                known=row["known"],
                dimensions=rubric,
                records=records,
                actual=[actual[record] for record in records] if paints else (),
            )
            own = row["explanation"] or adopted.get(row["judgment"])
            row = {**row, "explanation": own}
            yield (
                _given(row, raters, neurons, place),
                responses(row["protocol"], row["answer"], asked),
            )

    judged = answers(given())
    return AnswerTables(
        protocol=study["analysed_as"],
        conditions=conditions,
        answers=judged,
        scores=scores,
        flow=flow,
        exclusions=_exclusions(lines, study["exclusions"], raters, judged),
        lengths=from_rows.lengths(
            (row["explanation"], row["text"]) for row in lines("explanations")
        ),
        dimensions=rubric,
        own=people_of(study["slug"]),
        predicted=_predicted(lines, actual) if paints else {},
        rivals=_rivals(lines, neurons) if study["analysed_as"] == "write" else (),
    )


def _shown(
    row: Mapping[str, Any], place: Mapping[str | None, int]
) -> Iterator[tuple[str, int | None, int | None, int | None]]:
    for each in row["shown"]:
        yield each["key"], each["explanation"], place.get(each["condition"]), each["record"]


def _given(
    row: Mapping[str, Any], raters: Numbers, neurons: Numbers, place: Mapping[str | None, int]
) -> JudgmentRow:
    return JudgmentRow(
        unit=row["item"],
        neuron=neurons[row["subject"], row["layer"], row["index"]],
        rater=raters[row["rater"]],
        explanation=NONE if row["explanation"] is None else row["explanation"],
        condition=place.get(row["condition"], NONE),
        confidence=nan if row["confidence"] is None else row["confidence"],
        seconds=row["seconds"],
        synthetic=row["synthetic"],
        layer=row["layer"],
    )


def _rivals(lines: Lines, neurons: Numbers) -> tuple[Rival, ...]:
    return tuple(
        Rival(
            explanation=row["explanation"],
            neuron=neurons[row["subject"], row["layer"], row["index"]],
            by=row["method"] or PEOPLE,
        )
        for row in lines("explanations")
    )


def _exclusions(
    lines: Lines, rules: list[str], raters: Numbers, judged: Answers
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return, for each rule on raters in order, the answers of those who broke it."""
    broken = [(raters[row["rater"]], row["excluded"]) for row in lines("raters")]
    return {
        rule: np.isin(judged.judgments.rater, [rater for rater, own in broken if rule in own])
        for rule in rules
    }


def _predicted(lines: Lines, asked: Mapping[int, Any]) -> dict[str, dict[tuple[int, int], Array]]:
    """Return what programs predicted on the records that raters were asked about."""
    found: dict[str, dict[tuple[int, int], Array]] = {}
    for row in lines("simulations"):
        if row["simulated"] is not None and not row["by_person"] and row["record"] in asked:
            values = np.array(
                [nan if each is None else each for each in row["simulated"]], dtype=np.float64
            )
            found.setdefault(row["simulated_by"], {})[row["explanation"], row["record"]] = values
    return found
