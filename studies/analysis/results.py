"""Everything that the results page shows, whatever a study asks: tables in, results out."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass, replace
from math import isfinite
from typing import Any

import numpy as np

from studies.analysis.data.answers import Answers, StudyTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.exclusion_rules import excluded
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Codes
from studies.analysis.data.tables import Flow
from studies.analysis.protocols.base import KeyFigure, ProtocolAnalysis
from studies.analysis.protocols.rater_comparison import RaterComparison, compare_raters
from studies.analysis.protocols.registry import PROTOCOLS
from studies.analysis.statistics.condition_means import mean_of
from studies.analysis.statistics.drift import Drift, drift
from studies.analysis.statistics.missing import Exclusion, exclusion_flow

VERSION = 7
"""Raised whenever the fields of `Results` change their meaning."""
Progress = Callable[[str, float], object]
_NO_PLAN = Plan()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionEffect:
    """A key figure with the plan's exclusions and, as `everything`, without them."""

    name: str
    kind: str
    kept: Estimate
    everything: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class RaterLine:
    """One rater, numbered from 0 in the order in which they first answered."""

    rater: int
    n: int
    median_seconds: float
    mean_confidence: float
    synthetic: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that the results page shows; `details` is what only the protocol has.

    `scorers` names the scorers there are. `key_figures` are given with and without exclusions.
    `rater_comparison` is None where two answers are never the same. What may be nan is so without
    a judgment.
    """

    version: int
    protocol: str
    n_judgments: int
    n_synthetic: int
    n_raters: int
    n_neurons: int
    n_items: int
    median_seconds: float
    mean_confidence: float
    scorers: tuple[str, ...]
    details: Any
    key_figures: tuple[ExclusionEffect, ...]
    raters: tuple[RaterLine, ...]
    log_seconds: Drift
    rater_comparison: RaterComparison | None
    mean_log_seconds: Estimate
    flow: Flow
    exclusions: tuple[Exclusion, ...]
    plan: Plan

    @property
    def analysis(self) -> ProtocolAnalysis[Any]:
        """How answers of this protocol are analysed and reported."""
        return PROTOCOLS[self.protocol]

    def as_dict(self) -> dict[str, Any]:
        """Return everything by name, ready for JSON: numbers that are not finite become None."""
        result: dict[str, Any] = plain(self)
        return result


def _no_progress(_stage: str, _share: float) -> None:
    """Report nothing."""


def analyse(
    tables: StudyTables, plan: Plan = _NO_PLAN, *, progress: Progress = _no_progress
) -> Results:
    """Compute all results of a study; the same rows and plan give the same results.

    `progress(stage, share)` is called before each stage; the share of the work done is from 0 to 1.
    What cannot be computed carries its reason; nothing raises because data are missing.
    """
    everything = tables.answers.renumbered()
    rules = {**tables.exclusions, **excluded(everything.judgments, plan)}
    left = exclusion_flow(everything.judgments.neuron, everything.judgments.rater, rules)
    answers = everything.only(left.kept).renumbered()
    tables = replace(tables, answers=everything, excluded=~left.kept)
    protocol = PROTOCOLS[tables.protocol]
    progress("answers and scores", 0.1)
    details = protocol.analyse(tables, answers, plan)
    progress("key figures without exclusions", 0.65)
    key_figures = protocol.report.key_figures(details)
    whole = key_figures
    if key_figures and not left.kept.all():
        whole = protocol.report.key_figures(protocol.analyse(tables, everything, plan))
    progress("raters one by one", 0.75)
    judgments = answers.judgments
    timed = judgments.seconds > 0
    logs = np.log(judgments.seconds[timed])
    ordinals, raters = _ordinals(judgments.rater), _raters(answers)
    progress("agreement between raters", 0.8)
    values = protocol.agreement_input(tables, answers)
    return Results(
        version=VERSION,
        protocol=tables.protocol,
        n_judgments=len(answers),
        n_synthetic=int(judgments.synthetic.sum()),
        n_raters=len(np.unique(judgments.rater)),
        n_neurons=len(np.unique(judgments.neuron)),
        n_items=len(np.unique(judgments.unit)),
        median_seconds=float(np.median(judgments.seconds)) if len(answers) else np.nan,
        mean_confidence=_finite_mean(judgments.confidence),
        scorers=tuple(scores.scorer for scores in tables.scores),
        details=details,
        key_figures=_exclusion_effects(key_figures, whole),
        raters=raters,
        log_seconds=drift(judgments.unit[timed], judgments.rater[timed], ordinals[timed], logs),
        rater_comparison=None if values is None else compare_raters(values, ordinals),
        mean_log_seconds=mean_of(
            judgments.neuron[timed], judgments.rater[timed], logs, what="logarithm of seconds"
        ),
        flow=tables.flow,
        exclusions=left.steps,
        plan=plan,
    )


def _finite_mean(values: "np.ndarray[Any, np.dtype[np.float64]]") -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def _exclusion_effects(
    kept: tuple[KeyFigure, ...], everything: tuple[KeyFigure, ...]
) -> tuple[ExclusionEffect, ...]:
    of = {each.name: each.estimate for each in everything}
    return tuple(
        ExclusionEffect(
            name=each.name, kind=each.kind, kept=each.estimate, everything=of[each.name]
        )
        for each in kept
        if each.name in of
    )


def _raters(answers: Answers) -> tuple[RaterLine, ...]:
    judgments = answers.judgments
    order = np.argsort(judgments.rater, kind="stable")
    groups = np.split(order, np.cumsum(np.bincount(judgments.rater))[:-1]) if len(order) else []
    return tuple(
        RaterLine(
            rater=rater,
            n=len(own),
            median_seconds=float(np.median(judgments.seconds[own])),
            mean_confidence=_finite_mean(judgments.confidence[own]),
            synthetic=bool(judgments.synthetic[own].any()),
        )
        for rater, own in enumerate(groups)
    )


def _ordinals(rater: Codes) -> Codes:
    """Return the position of each judgment among its rater's own, from 1."""
    order = np.argsort(rater, kind="stable")
    sizes = np.bincount(rater)
    ordinal = np.empty(len(rater), dtype=np.intp)
    ordinal[order] = np.arange(len(rater)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    return ordinal


def plain(value: Any) -> Any:
    """Turn results into what JSON can hold: mappings, lists, text, finite numbers, None."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    return value.item() if isinstance(value, np.generic) else value
