"""Several scorers on the same votes: which predicts them better, and what a second one adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import inf, log

import numpy as np
import numpy.typing as npt

from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Values, same_length
from studies.analysis.statistics.clustered import clustered, undefined_of
from studies.analysis.statistics.collinear import redundant
from studies.analysis.statistics.logistic import fit_coefficients, fit_logistic, why_no_fit
from studies.analysis.statistics.multiple import adjusted, benjamini_hochberg, holm, p_value
from studies.analysis.statistics.votes import Votes, mean_share, rounded

_NOT_SHARED = "no decided vote has all scores on both sides"
_UNSCORED = "no vote has this score on both sides"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerShare:
    """How many of the shared decided votes the higher score won, equal scores as half; 0 to 1."""

    scorer: str
    agreement: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerContrast:
    """`first`'s agreement less `second`'s, on the same votes.

    `p_adjusted` is by Holm among the declared contrasts, by Benjamini and Hochberg among the rest.
    """

    first: str
    second: str
    difference: Estimate
    declared: bool
    p: float
    p_adjusted: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerComparison:
    """All scorers on the `n_votes` decided votes that each of them scores on both sides.

    `n_left_out` decided votes lack one of the scores. A scorer without any is undefined and does
    not cost the others their votes.
    """

    scorers: tuple[ScorerShare, ...]
    contrasts: tuple[ScorerContrast, ...]
    n_votes: int
    n_left_out: int


def compare_scorers(
    votes: Votes, score_gaps: Mapping[str, Values], *, declared: Sequence[tuple[str, str]] = ()
) -> ScorerComparison:
    """Compare scorers pair by pair on the votes that all of them score, with two-way intervals.

    `score_gaps` gives each scorer's gap for each vote, nan where a side has no score. Ties of votes
    are left out: they would dilute every difference equally. `declared` names the contrasts of the
    analysis plan. ValueError: lengths differ, a gap is infinite, a declared scorer is not among
    them.
    """
    _check_declared(declared, score_gaps)
    gaps = _checked(score_gaps, votes)
    scored, common = _common(gaps, votes)
    shared = votes.only(common)
    won = {name: (1 + np.sign(gaps[name][common]) * shared.outcome) / 2 for name in scored}
    return ScorerComparison(
        scorers=tuple(
            ScorerShare(scorer=name, agreement=_share(shared, won, name)) for name in gaps
        ),
        contrasts=_contrasts(shared, won, declared),
        n_votes=len(shared.gap),
        n_left_out=int((votes.outcome != 0).sum()) - len(shared.gap),
    )


def _checked(score_gaps: Mapping[str, Values], votes: Votes) -> dict[str, Array]:
    """Return gaps rounded as in `Votes`, nan where there is none."""
    columns = same_length(outcome=votes.outcome, **score_gaps)
    gaps = {name: rounded(columns[name].astype(np.float64)) for name in score_gaps}
    for name, gap in gaps.items():
        if np.isinf(gap).any():
            raise ValueError(f"{name}: an infinite score gap")
    return gaps


def _common(gaps: Mapping[str, Array], votes: Votes) -> tuple[list[str], npt.NDArray[np.bool_]]:
    """Return the scorers with any gap, and marks of the decided votes where all have one."""
    decided = votes.outcome != 0
    known = [name for name, gap in gaps.items() if np.isfinite(gap[decided]).any()]
    common = decided & bool(known)
    for name in known:
        common &= np.isfinite(gaps[name])
    return known, common


def _check_declared(declared: Sequence[tuple[str, str]], gaps: Mapping[str, Values]) -> None:
    for name in (name for pair in declared for name in pair):
        if name not in gaps:
            raise ValueError(f"declared: {name!r} is none of {', '.join(gaps)}")


def _share(votes: Votes, won: Mapping[str, Array], name: str) -> Estimate:
    method = "agreement with the score on shared decided votes, equal scores as half"
    if name not in won:
        return undefined_of(votes.neuron[:0], votes.rater[:0], _UNSCORED, method)
    return mean_share(votes, won[name], method, _NOT_SHARED)


def _contrasts(
    votes: Votes, won: Mapping[str, Array], declared: Sequence[tuple[str, str]]
) -> tuple[ScorerContrast, ...]:
    asked = [pair for pair in declared if set(pair) <= set(won)]
    known = {frozenset(pair) for pair in asked}
    pairs = asked + [pair for pair in combinations(won, 2) if frozenset(pair) not in known]
    found = [_difference(votes, won[first] - won[second]) for first, second in pairs]
    p = [p_value(each) for each in found]
    n = len(asked)
    after = [*adjusted(p[:n], holm), *adjusted(p[n:], benjamini_hochberg)]
    return tuple(
        ScorerContrast(
            first=first,
            second=second,
            difference=difference,
            declared=place < n,
            p=p[place],
            p_adjusted=float(after[place]),
        )
        for place, ((first, second), difference) in enumerate(zip(pairs, found, strict=True))
    )


def _difference(votes: Votes, difference: Array) -> Estimate:
    method = "difference of agreement with two scores, same votes"
    return mean_share(votes, difference, method, _NOT_SHARED, bounds=(-1.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """What one predictor adds to the others.

    `per_spread` is in log-odds of the left per `spread`, the predictor's root mean square. `bits`
    is what the likelihood of a vote loses, on average, when the predictor is left out; nan with
    `per_spread` undefined.
    """

    name: str
    spread: float
    per_spread: Estimate
    p: float
    bits: float


@dataclass(frozen=True, slots=True, kw_only=True)
class JointModel:
    """P(left preferred) from several gaps at once; ties and votes without one of them left out.

    `bits` is how much all predictors together reduce the uncertainty of a vote, from 0 to 1 bit.
    """

    coefficients: tuple[Coefficient, ...]
    side_bias: Estimate
    bits: float
    n_votes: int
    n_left_out: int


def joint_model(votes: Votes, predictors: Mapping[str, Values]) -> JointModel:
    """Fit one logistic model of the votes to all predictors, errors clustered by neuron and rater.

    It shows what a second scorer adds to a first (its coefficient in the joint model), and whether
    a score still counts at equal length of the texts (see `length_gap`). Predictors are gaps of
    left less right, nan where a side has none; correlated ones share what they predict, and neither
    may then seem to add anything. Set aside, undefined, are predictors without values, those that
    never vary, and those that follow exactly from the ones before them: the order counts. All are
    undefined where the likelihood has no maximum. ValueError as in `compare_scorers`.
    """
    gaps = _checked(predictors, votes)
    known, common = _common(gaps, votes)
    used = votes.only(common)
    aside = redundant({name: gaps[name][common] for name in known})
    known = [name for name in known if name not in aside]
    x = np.column_stack([np.ones(len(used.gap)), *(gaps[name][common] for name in known)])
    spreads = np.sqrt(np.square(x).sum(axis=0) / max(len(x), 1))
    x = x / np.where(spreads > 0, spreads, 1.0)
    coefficients, bits = _joint(used, x)
    fitted = dict(
        zip(known, zip(coefficients[1:], spreads[1:], bits[1:], strict=True), strict=True)
    )
    return JointModel(
        coefficients=tuple(
            _coefficient(name, fitted.get(name), aside.get(name, _UNSCORED)) for name in gaps
        ),
        side_bias=coefficients[0],
        bits=bits[0],
        n_votes=len(used.gap),
        n_left_out=int((votes.outcome != 0).sum()) - len(used.gap),
    )


_PER_SPREAD = "log-odds of the left per root mean square of the predictor, given the others"
_SIDE = "side bias, log-odds where all predictors are equal"


def _joint(votes: Votes, x: Array) -> tuple[tuple[Estimate, ...], list[float]]:
    """Return all coefficients; the bits of all predictors, then those lost without each."""
    methods = [_SIDE] + [_PER_SPREAD] * (x.shape[1] - 1)
    y = (1 + votes.outcome) / 2
    reason = why_no_fit(x, y)
    if reason:
        nothing = (undefined_of(votes.neuron, votes.rater, reason, each) for each in methods)
        return tuple(nothing), [float("nan")] * len(methods)
    fit = fit_logistic(x, y)
    estimates = clustered(
        votes.neuron, votes.rater, fit.coefficients, fit.influence, methods, cell=votes.cell
    )
    without = [fit_coefficients(x[:, :1], y)] + [
        fit_coefficients(np.delete(x, i, axis=1), y) for i in range(1, x.shape[1])
    ]
    scale = len(y) * log(2)
    return estimates, [(fit.log_likelihood - float(less.value)) / scale for _, less in without]


def _coefficient(
    name: str, fitted: tuple[Estimate, float, float] | None, why_not: str
) -> Coefficient:
    nobody: npt.NDArray[np.intp] = np.zeros(0, dtype=np.intp)
    left_out = undefined_of(nobody, nobody, why_not, _PER_SPREAD)
    per_spread, spread, bits = fitted or (left_out, float("nan"), float("nan"))
    return Coefficient(
        name=name, spread=float(spread), per_spread=per_spread, p=p_value(per_spread), bits=bits
    )


def length_gap(left: Values, right: Values) -> Array:
    """Return the natural logarithm of how many times as long the left text is as the right.

    Lengths in any one unit. ValueError when they differ in number or one is not above zero.
    """
    columns = same_length(left=left, right=right)
    lengths = {name: column.astype(np.float64) for name, column in columns.items()}
    for name, each in lengths.items():
        if not ((each > 0) & (each < inf)).all():
            raise ValueError(f"{name}: a length is not above zero")
    ratio: Array = np.log(lengths["left"] / lengths["right"])
    return ratio
