"""Explanations that people write: how long, how fast, and how they score compared with others."""

from dataclasses import dataclass

import numpy as np

from studies.analysis.data.answers import NONE, Answers, StudyTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Codes, codes
from studies.analysis.data.tables import ReasonCount, Scores
from studies.analysis.statistics import agreement
from studies.analysis.statistics.condition_means import (
    ConditionMeans,
    condition_means,
    mean_of,
    median,
)

WRITTEN = "written here"
"""The group of the explanations that came of this study."""
CHARACTERS, WORDS = 0, 1
"""Dimensions of a written text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenScores:
    """One scorer's scores of what was written here and of others' on the same neurons.

    `n_written` of the explanations adopted have a score; `undefined` counts those that lack one, of
    whomever, by reason.
    """

    scorer: str
    n_written: int
    means: ConditionMeans
    undefined: tuple[ReasonCount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What is known about the texts. `lengths` counts texts by their characters, in `edges`.

    `alike` is how far raters write at one length on one neuron: the intraclass correlation.
    `n_adopted` texts are compared with models' explanations; `scores` has their scores.
    """

    characters: Estimate
    words: Estimate
    seconds: Estimate
    edges: tuple[int, ...]
    lengths: tuple[int, ...]
    alike: Estimate
    n_neurons_twice: int
    n_adopted: int
    scores: tuple[WrittenScores, ...]
    primary: int | None


_EDGES = (0, 25, 50, 75, 100, 150, 200, 250, 300, 400, 500)


def analyse(tables: StudyTables, answers: Answers, plan: Plan) -> Written:
    """Analyse what was written."""
    judgments, responses = answers.judgments, answers.responses
    chars, words = (
        responses.value[responses.dimension == dimension] for dimension in (CHARACTERS, WORDS)
    )
    adopted = judgments.explanation != NONE
    names = [scores.scorer for scores in tables.scores]
    return Written(
        characters=mean_of(judgments.neuron, judgments.rater, chars, what="number of characters"),
        words=mean_of(judgments.neuron, judgments.rater, words, what="number of words"),
        seconds=median(
            codes(judgments.neuron), codes(judgments.rater), judgments.seconds, what="seconds"
        ),
        edges=_EDGES,
        lengths=tuple(np.histogram(chars, _EDGES)[0].tolist()),
        alike=agreement.icc(judgments.unit, judgments.rater, chars, kind="1,1"),
        n_neurons_twice=_twice(judgments.neuron),
        n_adopted=int(adopted.sum()),
        scores=tuple(_scored(scores, tables, answers) for scores in tables.scores),
        primary=plan.chosen(names),
    )


def _twice(neuron: Codes) -> int:
    return int((np.bincount(neuron) > 1).sum()) if len(neuron) else 0


def _scored(scores: Scores, tables: StudyTables, answers: Answers) -> WrittenScores:
    """Compare scores of what was written with those of others; other texts have one author each."""
    judgments = answers.judgments
    rater_of = dict(zip(judgments.explanation.tolist(), judgments.rater.tolist(), strict=True))
    ids = np.array([each.explanation for each in tables.rivals], dtype=np.intp)
    score = scores.of(ids)
    rows = [
        (WRITTEN if each.explanation in rater_of else each.by, each.neuron, each.explanation, value)
        for each, value in zip(tables.rivals, score.tolist(), strict=True)
        if value == value
    ]
    groups = np.array([group for group, *_ in rows], dtype=np.str_)
    others = 1 + int(judgments.rater.max(initial=-1))
    authors = [rater_of.get(pk, others + at) for at, (_, _, pk, _) in enumerate(rows)]
    return WrittenScores(
        scorer=scores.scorer,
        n_written=int((groups == WRITTEN).sum()),
        means=condition_means(
            groups,
            np.array([neuron for _, neuron, *_ in rows], dtype=np.intp),
            np.array(authors, dtype=np.intp),
            np.array([value for *_, value in rows], dtype=np.float64),
            expected=sorted({WRITTEN, *groups.tolist()}),
            what="score",
        ),
        undefined=scores.undefined,
    )
