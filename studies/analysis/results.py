"""All that is found in a study that asks in another form than two at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from studies.analysis.data.answers import Answers, AnswerTables
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.exclusion_rules import excluded
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Codes
from studies.analysis.data.tables import Flow
from studies.analysis.protocols.base import KeyFigure, ProtocolAnalysis
from studies.analysis.protocols.compare.analyse import VERSION, plain
from studies.analysis.protocols.rater_agreement import RaterComparison, compare_raters
from studies.analysis.protocols.registry import PROTOCOLS
from studies.analysis.statistics.condition_means import mean_of
from studies.analysis.statistics.drift import Drift, drift
from studies.analysis.statistics.missing import Exclusion, exclusion_flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
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
class Findings:
    """Everything that the results page shows of a study of one form, `details` being its own.

    `scorers` names the scorers there are. `choices` has the key figures with and without
    exclusions. `alike` is None where two answers are never the same. What may be nan is so without
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
    choices: tuple[Choice, ...]
    raters: tuple[RaterLine, ...]
    log_seconds: Drift
    alike: RaterComparison | None
    mean_log_seconds: Estimate
    flow: Flow
    exclusions: tuple[Exclusion, ...]
    plan: Plan

    @property
    def form(self) -> ProtocolAnalysis[Any]:
        """How answers of this form are analysed and shown."""
        return PROTOCOLS[self.protocol]

    def as_dict(self) -> dict[str, Any]:
        """Return everything by name, ready for JSON: numbers that are not finite become None."""
        result: dict[str, Any] = plain(self)
        return result


def analyse_answers(
    tables: AnswerTables, plan: Plan, tell: Callable[[str, float], object]
) -> Findings:
    """Compute all that is found; the same rows and plan give the same findings.

    `tell` as in `analyse`. What cannot be computed carries its reason.
    """
    everything = tables.answers.renumbered()
    rules = {**tables.exclusions, **excluded(everything.judgments, plan)}
    left = exclusion_flow(everything.judgments.neuron, everything.judgments.rater, rules)
    judged = everything.only(left.kept).renumbered()
    form = PROTOCOLS[tables.protocol]
    tell("the answers", 0.1)
    found = form.analyse(tables, judged, plan)
    tell("with and without exclusions", 0.6)
    whole = found if left.kept.all() else form.analyse(tables, everything, plan)
    tell("raters one by one", 0.9)
    judgments = judged.judgments
    timed = judgments.seconds > 0
    logs = np.log(judgments.seconds[timed])
    places, values = _places(judgments.rater), form.agreement_input(tables, judged)
    return Findings(
        version=VERSION,
        protocol=tables.protocol,
        n_judgments=len(judged),
        n_synthetic=int(judgments.synthetic.sum()),
        n_raters=len(np.unique(judgments.rater)),
        n_neurons=len(np.unique(judgments.neuron)),
        n_items=len(np.unique(judgments.unit)),
        median_seconds=float(np.median(judgments.seconds)) if len(judged) else np.nan,
        mean_confidence=_mean_given(judgments.confidence),
        scorers=tuple(scores.scorer for scores in tables.scores),
        details=found,
        choices=_choices(form.key_figures(found), form.key_figures(whole)),
        raters=_raters(judged),
        log_seconds=drift(judgments.unit[timed], judgments.rater[timed], places[timed], logs),
        alike=None if values is None else compare_raters(values, places),
        mean_log_seconds=mean_of(
            judgments.neuron[timed], judgments.rater[timed], logs, what="logarithm of seconds"
        ),
        flow=tables.flow,
        exclusions=left.steps,
        plan=plan,
    )


def _mean_given(values: "np.ndarray[Any, np.dtype[np.float64]]") -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def _choices(kept: tuple[KeyFigure, ...], everything: tuple[KeyFigure, ...]) -> tuple[Choice, ...]:
    of = {each.name: each.estimate for each in everything}
    return tuple(
        Choice(name=each.name, kind=each.kind, kept=each.estimate, everything=of[each.name])
        for each in kept
        if each.name in of
    )


def _raters(judged: Answers) -> tuple[RaterLine, ...]:
    judgments = judged.judgments
    return tuple(
        RaterLine(
            rater=rater,
            n=int(own.sum()),
            median_seconds=float(np.median(judgments.seconds[own])),
            mean_confidence=_mean_given(judgments.confidence[own]),
            synthetic=bool(judgments.synthetic[own].any()),
        )
        for rater in np.unique(judgments.rater).tolist()
        for own in [judgments.rater == rater]
    )


def _places(rater: Codes) -> Codes:
    """Return the how-many-th of its rater each judgment is, from 1."""
    order = np.argsort(rater, kind="stable")
    sizes = np.bincount(rater)
    place = np.empty(len(rater), dtype=np.intp)
    place[order] = np.arange(len(rater)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    return place
