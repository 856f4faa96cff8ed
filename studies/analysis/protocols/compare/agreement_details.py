"""Agreement part by part and item by item, one truth if there were one, and noise taken off."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from studies.analysis.data.answers import Answers
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.ratings import Array, Codes, Labels, Values, codes, same_length
from studies.analysis.data.tables import Judgments, Scores
from studies.analysis.statistics.alpha import alpha
from studies.analysis.statistics.breakdown import (
    agreement_by_group,
    agreement_by_item,
)
from studies.analysis.statistics.jackknife import divide, estimate, of_cells
from studies.analysis.statistics.kappa import percent_agreement
from studies.analysis.statistics.raters import dawid_skene
from studies.analysis.statistics.system_level import disattenuated

_ITEMS = 40
_MANY = 20_000
_CERTAIN = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class PartAgreement:
    """Agreement on the items of one part of a study: two conditions that meet, or a layer.

    `by` is `conditions` or `layer`. Alpha is ordinal, its chance that of the part.
    """

    by: str
    part: str
    percent: Estimate
    alpha: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One item by its number: `n` votes, the share of pairs that agree, the commonest answer."""

    item: int
    n: int
    agreement: float
    most: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """How often a rater, numbered as in the results, would name the truth, if there is one."""

    rater: int
    n_ratings: int
    accuracy: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTruth:
    """What items probably are if each is one thing and raters err (Dawid and Skene), or `reason`.

    `shares` are of all items, in the order of the categories; `certain` is the share of the items
    of which one category has a probability of .9 or more.
    """

    shares: tuple[float, ...]
    certain: float
    raters: tuple[Accuracy, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutNoise:
    """How score gaps go with votes, and how they would with votes that had no noise.

    `correlation` is Pearson's over votes, of the gap with the vote (1, 0 for a tie, -1);
    `reliability` of one vote is alpha at interval level on the same votes.
    """

    correlation: Estimate
    reliability: Estimate
    corrected: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementDetails:
    """Agreement in detail. `items` are those on which raters agree least, at most forty.

    `n_items` have two votes or more. `noise` is of the headline's scorer; None without one.
    """

    parts: tuple[PartAgreement, ...]
    items: tuple[ItemRow, ...]
    n_items: int
    truth: OneTruth
    noise: WithoutNoise | None


def agreement_details(
    conditions: tuple[str, ...],
    answers: Answers,
    judged: Judgments,
    primary: Scores | None,
    categories: tuple[int, ...],
) -> AgreementDetails:
    """Look at agreement more closely; `judged` are the answers, a row per vote."""
    items, n_items = _items(answers.judgments.item, judged, categories)
    return AgreementDetails(
        parts=_parts(conditions, judged, answers.judgments.layer, categories),
        items=items,
        n_items=n_items,
        truth=_truth(judged, categories),
        noise=None if primary is None else _noise(judged, primary.gap(judged)),
    )


def _parts(
    conditions: tuple[str, ...], judged: Judgments, layer: Codes, categories: tuple[int, ...]
) -> tuple[PartAgreement, ...]:
    """Return agreement by the two conditions that meet, and by layer, where there are several."""
    low = np.minimum(judged.left_condition, judged.right_condition)
    high = np.maximum(judged.left_condition, judged.right_condition)
    pair = low * len(conditions) + high
    meeting = {
        code: " and ".join(conditions[i] for i in divmod(code, len(conditions)))
        for code in np.unique(pair).tolist()
    }
    layers = {code: f"layer {code}" for code in np.unique(layer).tolist()}
    by: list[tuple[str, Codes, dict[int, str]]] = [
        ("conditions", pair, meeting),
        ("layer", layer, layers),
    ]
    return tuple(
        part
        for name, groups, named in by
        if len(named) > 1
        for part in _agreements(name, groups, named, judged, categories)
    )


def _agreements(
    by: str, groups: Codes, named: dict[int, str], judged: Judgments, categories: tuple[int, ...]
) -> list[PartAgreement]:
    rows = judged.unit, judged.rater, judged.first_won
    measures = (
        partial(percent_agreement, categories=categories),
        partial(alpha, level="ordinal", categories=categories),
    )
    percent, alphas = (
        agreement_by_group(measure, groups, *rows, expected=list(named)) for measure in measures
    )
    return [
        PartAgreement(by=by, part=named[one.group], percent=one.agreement, alpha=other.agreement)
        for one, other in zip(percent, alphas, strict=True)
    ]


def _items(
    number: Codes, judged: Judgments, categories: tuple[int, ...]
) -> tuple[tuple[ItemRow, ...], int]:
    found = agreement_by_item(number, judged.rater, judged.first_won, categories=categories)
    several = np.flatnonzero(found.n > 1)
    order = np.lexsort((found.units[several], -found.n[several], found.agreement[several]))
    rows = tuple(
        ItemRow(
            item=int(found.units[i]),
            n=int(found.n[i]),
            agreement=float(found.agreement[i]),
            most=int(found.most[i]),
            share=float(found.share[i]),
        )
        for i in several[order][:_ITEMS]
    )
    return rows, len(several)


def _truth(judged: Judgments, categories: tuple[int, ...]) -> OneTruth:
    if len(judged) > _MANY:
        reason = f"not computed here for more than {_MANY:,} judgments: use the export"
        return OneTruth(shares=(), certain=np.nan, raters=(), reason=reason)
    rows = judged.unit, judged.rater, judged.first_won
    found = dawid_skene(*rows, categories=categories)
    if found.reason:
        return OneTruth(shares=(), certain=np.nan, raters=(), reason=found.reason)
    n = np.bincount(judged.rater)
    return OneTruth(
        shares=tuple(found.share.tolist()),
        certain=float((found.posterior.max(axis=1) >= _CERTAIN).mean()),
        raters=tuple(
            Accuracy(rater=int(rater), n_ratings=int(n[rater]), accuracy=float(accuracy))
            for rater, accuracy in zip(found.raters, found.accuracy, strict=True)
        ),
    )


def _noise(judged: Judgments, gap: Array) -> WithoutNoise:
    scored = np.isfinite(gap)
    judged, gap = judged.only(scored), gap[scored]
    turned = np.where(judged.left_listed_first, gap, -gap)
    correlation = vote_correlation(judged.neuron, judged.rater, turned, judged.first_won)
    reliability = alpha(judged.unit, judged.rater, judged.first_won, level="interval")
    return WithoutNoise(
        correlation=correlation,
        reliability=reliability,
        corrected=disattenuated(correlation, reliability),
    )


def vote_correlation(
    neurons: Labels, raters: Labels, score_gaps: Values, outcome: Values
) -> Estimate:
    """Pearson's correlation over votes of the score gap with the vote: 1, -1, and 0 for a tie.

    At item level, from -1 to 1, its interval over neurons and raters. Gap and vote are of the same
    one of the two less the other. Undefined where gaps or votes do not vary. ValueError as in
    `ratings.same_length`, and for a gap that is not finite.
    """
    columns = same_length(neurons=neurons, raters=raters, gap=score_gaps, outcome=outcome)
    x, y = (columns[name].astype(np.float64) for name in ("gap", "outcome"))
    if not np.isfinite(x).all():
        raise ValueError("score_gaps: not finite; leave the votes without one out")
    x, y = (each - (each.mean() if len(each) else 0.0) for each in (x, y))
    features = np.column_stack([np.ones_like(x), x, y, x * x, y * y, x * y])
    return estimate(
        of_cells(codes(columns["neurons"]), codes(columns["raters"]), features, to=_pearson),
        method="Pearson's correlation of score gap and vote (item level)",
        unit="neuron",
        bounds=(-1.0, 1.0),
        undefined_reason="gaps or votes do not vary",
    )


def _pearson(sums: Array) -> Array:
    n, x, y, xx, yy, xy = sums.T
    mx, my = divide(x, n), divide(y, n)
    spread = np.sqrt(np.maximum((xx - x * mx) * (yy - y * my), 0.0))
    return divide(xy - x * my, spread)
