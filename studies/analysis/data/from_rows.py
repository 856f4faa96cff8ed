"""Rows of a database or an export, read one at a time, as the columns of an analysis."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from studies.analysis.data.published import published_for
from studies.analysis.data.tables import ReasonCount, Scores

LENGTH = "characters"


class ScoreRow(NamedTuple):
    """One scorer's score of one explanation; without a value, the reason."""

    scorer: str
    explanation: int
    value: float | None
    reason: str


def scores(rows: Iterable[ScoreRow]) -> tuple[Scores, ...]:
    """Return the scores by scorer: first those that have published figures, then by name.

    Several of one scorer on one explanation, as of several people's simulations, are their mean.
    """
    by_scorer = defaultdict[str, list[ScoreRow]](list)
    for row in rows:
        by_scorer[row.scorer].append(row)
    ordered = sorted(by_scorer, key=lambda label: (not published_for(label), label))
    return tuple(_scores(label, by_scorer[label]) for label in ordered)


def lengths(texts: Iterable[tuple[int, str]]) -> Scores:
    """Return how many characters each explanation's text has."""
    known = [(explanation, len(text)) for explanation, text in texts]
    return Scores(
        scorer=LENGTH,
        explanation=np.array([explanation for explanation, _ in known], dtype=np.intp),
        value=np.array([length for _, length in known], dtype=np.float64),
    )


def _scores(label: str, rows: list[ScoreRow]) -> Scores:
    defined = defaultdict[int, list[float]](list)
    for row in rows:
        if row.value is not None:
            defined[row.explanation].append(row.value)
    undefined = {row.explanation: row.reason for row in rows if row.explanation not in defined}
    reasons = Counter(undefined.values())
    return Scores(
        scorer=label,
        explanation=np.array(list(defined), dtype=np.intp),
        value=np.array([sum(each) / len(each) for each in defined.values()], dtype=np.float64),
        undefined=tuple(
            ReasonCount(reason=reason, n=n)
            for reason, n in sorted(reasons.items(), key=lambda each: (-each[1], each[0]))
        ),
    )
