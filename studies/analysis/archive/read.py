"""A study's export as an analysis takes it: no database, only the zip."""

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import nan
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from studies.analysis.archive.answers import read_answers
from studies.analysis.data import from_rows
from studies.analysis.data.answers import AnswerTables
from studies.analysis.data.canonical_json import as_text
from studies.analysis.data.from_rows import ScoreRow, VoteRow
from studies.analysis.data.plan import Plan
from studies.analysis.data.tables import Draws, Flow, Judgments, ReasonCount, StudyTables
from studies.analysis.entry import analyse

FORMAT = 1
"""Raised whenever an export's files change their meaning."""
STUDY, RESULTS = "study.json", "results.json"


class ExportError(ValueError):
    """A file that is no export of a study; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """Results computed anew, as `results.json` has them, and those that the export came with."""

    anew: str
    exported: str


def recompute(path: Path) -> Recomputed:
    """Compute an export's results from its tables alone. `ExportError`: it is no export."""
    try:
        with ZipFile(path) as export:
            tables, plan = read_export(export)
            exported = _opened(export, RESULTS).read().decode()
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror}") from error
    except BadZipFile as error:
        raise ExportError(f"{path}: no zip file ({error})") from error
    except ExportError as error:
        raise ExportError(f"{path}: {error}") from error
    except KeyError as error:
        raise ExportError(f"{path}: something in it lacks the field {error}") from error
    return Recomputed(anew=as_text(analyse(tables, plan).as_dict()), exported=exported)


def read_export(export: ZipFile) -> tuple[StudyTables | AnswerTables, Plan]:
    """Return an export's tables and plan. KeyError for a field that is not there."""
    study = _parsed(_opened(export, STUDY).read(), STUDY)
    if study["format"] != FORMAT:
        raise ExportError(f"{STUDY}: format {study['format']}, and this reads {FORMAT}")
    if study["analysed_as"] != "compare":
        tables = read_answers(
            study,
            partial(_lines, export),
            raters=_Numbers(),
            neurons=_Numbers(),
            flow=_flow(study["flow"]),
            scores=from_rows.scores(_scores(export)),
        )
        return tables, Plan.of(study["plan"])
    return _compared(export, study), Plan.of(study["plan"])


def _compared(export: ZipFile, study: Mapping[str, Any]) -> StudyTables:
    conditions = tuple(condition["name"] for condition in study["conditions"])
    raters = _Numbers()
    judgments, layer = from_rows.judgments(_votes(export, conditions, raters))
    return StudyTables(
        conditions=conditions,
        judgments=judgments,
        scores=from_rows.scores(_scores(export)),
        flow=_flow(study["flow"]),
        exclusions=_exclusions(export, study["exclusions"], raters, judgments),
        lengths=from_rows.lengths(
            (row["explanation"], row["text"]) for row in _lines(export, "explanations")
        ),
        layer=layer,
        number=judgments.unit,
        draws=_draws(export) if study.get("draws_pairs") else None,
    )


def _flow(fields: Mapping[str, Any]) -> Flow:
    left_out = tuple(ReasonCount(**each) for each in fields["left_out"])
    return Flow(**{**fields, "left_out": left_out})


def _lines(export: ZipFile, table: str) -> Iterator[dict[str, Any]]:
    name = f"{table}.jsonl"
    with _opened(export, name) as file:
        for number, line in enumerate(file, start=1):
            yield _parsed(line, f"{name}, line {number}")


def _opened(export: ZipFile, name: str) -> IO[bytes]:
    if name not in export.NameToInfo:
        raise ExportError(f"no {name} in it")
    return export.open(name)


def _parsed(text: bytes, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ExportError(f"{where}: no JSON ({error})") from error


class _Numbers(dict[Hashable, int]):
    """A number from 0 for each thing that is asked for, as it first appears."""

    def __missing__(self, key: Hashable) -> int:
        self[key] = len(self)
        return self[key]


def _votes(export: ZipFile, conditions: tuple[str, ...], raters: _Numbers) -> Iterator[VoteRow]:
    place, neurons = {name: i for i, name in enumerate(conditions)}, _Numbers()
    for row in _lines(export, "judgments"):
        if row["outcome"] is not None:
            yield VoteRow(
                unit=row["item"],
                neuron=neurons[row["subject"], row["layer"], row["index"]],
                rater=raters[row["rater"]],
                outcome=row["outcome"],
                left_explanation=row["left_explanation"],
                right_explanation=row["right_explanation"],
                left_condition=place[row["left_condition"]],
                right_condition=place[row["right_condition"]],
                left_listed_first=row["listed_first"] == "left",
                confidence=nan if row["confidence"] is None else row["confidence"],
                seconds=row["seconds"],
                synthetic=row["synthetic"],
                layer=row["layer"],
            )


def _draws(export: ZipFile) -> Draws:
    votes = [row for row in _lines(export, "judgments") if row["outcome"] is not None]
    return Draws(
        at_random=np.array([row["arm"] == "random" for row in votes], dtype=np.bool_),
        probability=np.array([row["probability"] for row in votes], dtype=np.float64),
    )


def _exclusions(
    export: ZipFile, rules: list[str], raters: _Numbers, judgments: Judgments
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return, for each rule on raters in order, the votes of those who broke it."""
    broken = [(raters[row["rater"]], row["excluded"]) for row in _lines(export, "raters")]
    return {
        rule: np.isin(judgments.rater, [rater for rater, rules in broken if rule in rules])
        for rule in rules
    }


def _scores(export: ZipFile) -> Iterator[ScoreRow]:
    for row in _lines(export, "scores"):
        yield ScoreRow(row["scorer"], row["explanation"], row["value"], row["reason"] or "")
