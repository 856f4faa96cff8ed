"""An export's tables as an analysis takes them."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data import from_rows
from studies.analysis.data.answers import (
    NONE,
    PEOPLE,
    Answers,
    JudgmentRow,
    ResponseRow,
    Rival,
    StudyTables,
    answers,
    people_of,
)
from studies.analysis.data.from_rows import ScoreRow
from studies.analysis.data.ratings import Array
from studies.analysis.data.tables import Flow, ReasonCount
from studies.analysis.protocols.answer_context import AnswerContext, dimensions, shown_options
from studies.analysis.protocols.registry import PROTOCOLS

Lines = Callable[[str], Iterator[dict[str, Any]]]
"""From a table's name to its rows."""


class _Numbers(dict[Hashable, int]):
    """A number from 0 for each key, in the order in which keys are first looked up."""

    def __missing__(self, key: Hashable) -> int:
        self[key] = len(self)
        return self[key]


def read_tables(study: Mapping[str, Any], lines: Lines) -> StudyTables:
    """Return an export's tables; KeyError for a field that is not there."""
    protocol = PROTOCOLS[study["protocol"]]
    raters, neurons = _Numbers(), _Numbers()
    rubric = dimensions(next(lines("items"), {}).get("payload", {}))
    records, actual = dict[int, list[int]](), dict[int, Any]()
    if protocol.reads_activations:
        records = {row["item"]: row["records"] for row in lines("items")}
        actual = {row["record"]: row["actual"] for row in lines("records")}
    adopted = {row["judgment"]: row["explanation"] for row in lines("adoptions")}
    conditions = tuple(condition["name"] for condition in study["conditions"])
    position: dict[str | None, int] = {name: at for at, name in enumerate(conditions)}

    def rows() -> Iterator[tuple[JudgmentRow, Iterator[ResponseRow]]]:
        for row in lines("judgments"):
            if row["tests_rater"] or row["protocol"] != protocol.name:
                continue
            if "cannot_tell" in row["answer"]:
                continue
            shown = records.get(row["item"], [])
            context = AnswerContext(
                options=shown_options(_shown(row, position)),
                known=row["known"],
                dimensions=rubric,
                records=shown,
                actual=[actual[record] for record in shown],
            )
            explanation = row["explanation"] or adopted.get(row["judgment"])
            judgment = JudgmentRow(
                unit=row["item"],
                neuron=neurons[row["subject"], row["layer"], row["index"]],
                rater=raters[row["rater"]],
                explanation=NONE if explanation is None else explanation,
                condition=position.get(row["condition"], NONE),
                confidence=nan if row["confidence"] is None else row["confidence"],
                seconds=row["seconds"],
                synthetic=row["synthetic"],
                layer=row["layer"],
                item=row["item"],
                drawn_at_random=row.get("arm") == "random",
                draw_probability=nan if row.get("arm") is None else row["probability"],
            )
            yield judgment, protocol.read(row["answer"], context)

    judged = answers(rows())
    return StudyTables(
        protocol=protocol.name,
        conditions=conditions,
        answers=judged,
        scores=from_rows.scores(
            ScoreRow(row["scorer"], row["explanation"], row["value"], row["reason"] or "")
            for row in lines("scores")
        ),
        flow=_flow(study["flow"]),
        exclusions=_exclusions(lines, study["exclusions"], raters, judged),
        lengths=from_rows.lengths(
            (row["explanation"], row["text"]) for row in lines("explanations")
        ),
        dimensions=rubric,
        own=people_of(study["slug"]),
        predicted=_predicted(lines, actual) if protocol.reads_activations else {},
        rivals=_rivals(lines, neurons) if protocol.reads_rivals else (),
    )


def _flow(fields: Mapping[str, Any]) -> Flow:
    left_out = tuple(ReasonCount(**each) for each in fields["left_out"])
    return Flow(**{**fields, "left_out": left_out})


def _shown(
    row: Mapping[str, Any], position: Mapping[str | None, int]
) -> Iterator[tuple[str, int | None, int | None, int | None]]:
    for each in row["shown"]:
        yield each["key"], each["explanation"], position.get(each["condition"]), each["record"]


def _rivals(lines: Lines, neurons: _Numbers) -> tuple[Rival, ...]:
    return tuple(
        Rival(
            explanation=row["explanation"],
            neuron=neurons[row["subject"], row["layer"], row["index"]],
            by=row["method"] or PEOPLE,
        )
        for row in lines("explanations")
    )


def _exclusions(
    lines: Lines, rules: list[str], raters: _Numbers, judged: Answers
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
