"""Missing data: how much by group, the most it could change, and what exclusions remove."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Labels, Values, codes, same_length
from studies.analysis.statistics.jackknife import estimate, of_mean
from studies.analysis.statistics.votes import checked_outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """How much of one group (a condition, a layer, a week) is missing: a share from 0 to 1."""

    group: Any
    n: int
    n_missing: int
    share: Estimate


def missing_by_group(
    groups: Labels,
    neurons: Labels,
    raters: Labels,
    missing: npt.ArrayLike,
    *,
    expected: Sequence[Any] | None = None,
) -> tuple[Missing, ...]:
    """Return for each group how much is missing; one row per judgment or score that was wanted.

    `missing` is true or false. `expected` names the groups to report, in order, also empty ones.
    Where shares differ, the rest represents some groups better than others. ValueError:
    lengths differ, `missing` is not true or false.
    """
    columns = same_length(groups=groups, neurons=neurons, raters=raters, missing=missing)
    if not np.isin(columns["missing"], (0, 1)).all():
        raise ValueError("missing: true or false, nothing else")
    names = np.unique(columns["groups"]).tolist() if expected is None else expected
    return tuple(
        _missing(name, *(columns[c][rows] for c in ("neurons", "raters", "missing")))
        for name in names
        for rows in [columns["groups"] == name]
    )


def _missing(
    name: Any,
    neurons: npt.NDArray[Any],
    raters: npt.NDArray[Any],
    missing: npt.NDArray[Any],
) -> Missing:
    gone: Array = missing.astype(np.float64)
    return Missing(
        group=name,
        n=len(gone),
        n_missing=int(gone.sum()),
        share=estimate(
            of_mean(codes(neurons), codes(raters), gone),
            method="share missing",
            unit="neuron",
            bounds=(0.0, 1.0),
            undefined_reason="nothing was wanted of this group",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Between what limits strict agreement lies, whatever the missing scores are.

    `low` takes every missing score to contradict the vote, `high` to agree with it; nan, with the
    `reason`, without a decided vote. These are bounds without sampling error, not an interval.
    """

    low: float
    high: float
    n_known: int
    n_missing: int
    reason: str = ""


def agreement_bounds(score_gap: Values, outcome: Values) -> Bounds:
    """Return bounds of strict agreement over all decided votes; `score_gap` nan where missing.

    Equal scores say nothing and are left out, as they are from strict agreement. ValueError:
    lengths differ, an outcome is none of +1, 0, -1. Source: Manski (1989).
    """
    columns = same_length(score_gap=score_gap, outcome=outcome)
    vote = checked_outcome(columns["outcome"])
    gap = np.round(columns["score_gap"].astype(np.float64)[vote != 0], 9)
    n_missing, known = int(np.isnan(gap).sum()), int((np.abs(gap) > 0).sum())
    won = int((gap * vote[vote != 0] > 0).sum())
    total = known + n_missing
    return Bounds(
        low=won / total if total else nan,
        high=(won + n_missing) / total if total else nan,
        n_known=known,
        n_missing=n_missing,
        reason="" if total else "no decided vote, but for those between equal scores",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """What one rule takes away from what the rules before it left, and what is left after."""

    rule: str
    excluded: int
    votes: int
    raters: int
    neurons: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionFlow:
    """The steps, the first being everything (rule ""), and which rows stand at the end."""

    steps: tuple[Exclusion, ...]
    kept: npt.NDArray[np.bool_]


def exclusion_flow(
    neurons: Labels, raters: Labels, rules: Mapping[str, npt.ArrayLike]
) -> ExclusionFlow:
    """Return what exclusion rules leave, in order; each marks the judgments it takes out.

    A judgment falls under the first rule that marks it. Rules and their order belong into the plan
    before data are seen; report results with and without them (see `sensitivity`). ValueError:
    lengths differ, a mark is not true or false.
    """
    columns = same_length(neurons=neurons, raters=raters, **rules)
    kept = np.ones(len(columns["neurons"]), dtype=np.bool_)
    steps = [_left("", 0, kept, columns)]
    for rule in rules:
        if not np.isin(columns[rule], (0, 1)).all():
            raise ValueError(f"{rule}: true or false, nothing else")
        out = kept & columns[rule].astype(np.bool_)
        kept = kept & ~out
        steps.append(_left(rule, int(out.sum()), kept, columns))
    return ExclusionFlow(steps=tuple(steps), kept=kept)


def _left(
    rule: str,
    excluded: int,
    kept: npt.NDArray[np.bool_],
    columns: Mapping[str, npt.NDArray[Any]],
) -> Exclusion:
    return Exclusion(
        rule=rule,
        excluded=excluded,
        votes=int(kept.sum()),
        raters=len(np.unique(columns["raters"][kept])),
        neurons=len(np.unique(columns["neurons"][kept])),
    )
