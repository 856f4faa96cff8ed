"""Agreement with a score in subgroups of the votes: by layer, by how good explanations are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Labels, Values, factorize, same_length
from studies.analysis.statistics.calibration import calibration
from studies.analysis.statistics.score_votes import ScoreAgreement, score_agreement
from studies.analysis.statistics.votes import Votes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """One subgroup of the votes: agreement with the score there, and the slope per 0.1 of gap."""

    stratum: Any
    agreement: ScoreAgreement
    slope: Estimate


def agreement_by_stratum(
    votes: Votes, strata: Labels, *, expected: Sequence[Any] | None = None
) -> tuple[Stratum, ...]:
    """Return for each subgroup of the votes how often the higher score won.

    `strata` labels each vote; `expected` names the subgroups to report, in order, also those
    without votes. Agreement depends on how far apart scores are: a subgroup with smaller gaps has
    less agreement for that alone, so compare slopes too. ValueError when lengths differ.
    """
    columns = same_length(outcome=votes.outcome, strata=strata)
    code, seen = factorize(columns["strata"])
    places = {name: place for place, name in enumerate(seen.tolist())}
    return tuple(
        Stratum(stratum=name, agreement=score_agreement(part), slope=calibration(part).slope)
        for name in (places if expected is None else expected)
        for part in [votes.only(code == places.get(name, -1))]
    )


def score_strata(scores: Values, *, n: int = 3) -> tuple[npt.NDArray[np.str_], tuple[str, ...]]:
    """Return labels for `n` groups of scores of about equal size, and the labels in order.

    For a vote take the mean of its two scores: how good the explanations are. Equal scores stay
    together, so that there may be fewer parts. ValueError when a score is not finite or `n` is
    below 1.
    """
    values = np.asarray(scores, dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("scores: not finite; leave the rows without one out")
    if n < 1:
        raise ValueError(f"n: {n} is below 1")
    if not len(values):
        return np.zeros(0, dtype=np.str_), ()
    edges = np.unique(np.quantile(values, np.arange(1, n) / n))
    part = np.searchsorted(edges, values, side="left")
    names = {
        i: f"{values[part == i].min():.2f} to {values[part == i].max():.2f}"
        for i in np.unique(part).tolist()
    }
    labels = np.array([names.get(i, "") for i in range(n)], dtype=np.str_)
    return labels[part], tuple(names.values())
