"""The data of the pages about studies."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite
from typing import Any

from annotation.models import Judgment
from annotation.selectors.batches import BatchProgress, batch_progress, groups_of
from studies.analysis.results import VERSION
from studies.analysis.statistics import power
from studies.design.overlap import share_of_tests
from studies.design.size import Plan, plan
from studies.models import Analysis, Study, StudyItem
from studies.selectors.analyses import answers_count, scores_mark
from studies.selectors.flow import judgments_wanted

_MOST_VOTES = 10_000
"""Maximum of votes for which precision is simulated while a page is rendered."""
_PACE = 20
"""Minimum number of answers for using a study's measured pace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRow:
    """A study in the list."""

    title: str
    slug: str
    design: str
    pk: int
    state: str
    created: datetime
    progress: BatchProgress | None

    @property
    def share(self) -> float:
        """The share of wanted judgments that have been given, from 0 to 1."""
        wanted = self.progress.wanted if self.progress else 0
        return self.progress.given / wanted if self.progress and wanted else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """The state of a study's analysis: the answers since then, all judgments, synthetic ones."""

    analysis: Analysis | None
    new_answers: int
    new_scores: bool
    judgments: int
    synthetic: int

    @property
    def running(self) -> bool:
        """Whether results are being computed or will be, without a request."""
        return self.analysis is not None and self.analysis.state == Analysis.State.OPEN

    @property
    def results(self) -> dict[str, Any] | None:
        """The results; None if there are none, or if they have an earlier version."""
        return _readable(self.analysis)

    @property
    def outdated(self) -> bool:
        """Whether the results have an earlier version: a worker recomputes them."""
        return self.analysis is not None and bool(self.analysis.results) and self.results is None

    @property
    def failed(self) -> bool:
        """Whether the last attempt failed."""
        return self.analysis is not None and self.analysis.state == Analysis.State.FAILED


def _readable(analysis: Analysis | None) -> dict[str, Any] | None:
    results = analysis.results if analysis else None
    return results if results and results.get("version") == VERSION else None


def study_rows() -> list[StudyRow]:
    """Return all studies, newest first."""
    return [
        StudyRow(
            title=study.title,
            slug=study.slug,
            design=study.design.title,
            pk=study.pk,
            state=study.state,
            created=study.created,
            progress=_progress(study),
        )
        for study in Study.objects.select_related("batch").order_by("-created", "-pk")
    ]


def _progress(study: Study) -> BatchProgress | None:
    """Return a study's progress; adaptive pairs count with their whole budget from the start."""
    if study.batch is None:
        return None
    progress = batch_progress(study.batch)
    return replace(progress, wanted=judgments_wanted(study)) if study.draws_pairs else progress


def study_plan(study: Study) -> Plan:
    """Return the size and precision of a built study, with its measured pace if there is one."""
    results = _readable(getattr(study, "analysis", None)) or {}
    paced = results.get("n_judgments", 0) >= _PACE and not results.get("n_synthetic")
    measured = results.get("median_seconds") if paced else None
    planned = plan(
        items=study.items.filter(role=StudyItem.Role.MAIN).count(),
        neurons=study.items.values("neuron").distinct().count(),
        judgments=judgments_wanted(study),
        most=_most(study),
        items_per_rater=study.items_per_rater,
        groups=max(len(groups_of(study.batch)), 1) if study.batch else 1,
        tests=share_of_tests(study.catches, study.repeats, study.items_per_rater),
        seconds_per_judgment=measured or study.design.seconds,
    )
    compared = results.get("details", {}).get("scorer_details") or {}
    components = compared.get("components") if paced else None
    return _measured(planned, components, seed=study.seed % 2**32) if components else planned


def _most(study: Study) -> int:
    """Return the maximum number of judgments wanted of one item."""
    if study.draws_pairs:
        return 1
    return study.extra_overlap if study.extra_overlap_share else study.overlap


def _measured(planned: Plan, components: Mapping[str, Any], *, seed: int) -> Plan:
    """Return the plan with the precision expected from the judgments, if there are enough."""
    if planned.judgments > _MOST_VOTES or components["reason"]:
        return planned
    size = power.Plan(
        name="all of it",
        n_neurons=planned.neurons,
        n_raters=planned.raters,
        n_votes=planned.judgments,
    )
    [found] = power.precision(power.Components(**components), [size], seed=seed, n_simulated=50)
    if not isfinite(found.half_width):
        return planned
    return replace(planned, half_width=found.half_width, is_measured=True)


def freshness(study: Study) -> Freshness:
    """Return the state of a study's analysis."""
    analysis: Analysis | None = Analysis.objects.filter(study=study).first()
    seen = analysis.answers if analysis else 0
    standing = Judgment.objects.standing().filter(assignment__item__batch=study.batch_id)
    return Freshness(
        analysis=analysis,
        new_answers=max(answers_count(study) - seen, 0),
        new_scores=analysis is not None and scores_mark(study) != analysis.scores,
        judgments=standing.count(),
        synthetic=standing.filter(assignment__rater__synthetic=True).count(),
    )
