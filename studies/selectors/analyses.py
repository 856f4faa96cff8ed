"""Which analyses are waiting, and which are outdated by new answers or scores."""

from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from annotation.models import Judgment
from explanations.models import Explanation, Score, Simulation
from studies.analysis.results import VERSION
from studies.models import Analysis, Study
from studies.selectors.answers import shown_in

_PATIENCE = 3
"""A running study spends at most a third of the time on its analyses."""


def answers_count(study: Study) -> int:
    """Return how many answers a study has, corrected ones included; it only ever grows."""
    return Judgment.objects.filter(assignment__item__batch=study.batch_id).count()


def scores_mark(study: Study) -> str:
    """Return a marker that changes when scores of the study's explanations are added or removed.

    If people simulate, it also changes with simulations by programs, with which they are compared.
    """
    shown = Explanation.objects.filter(shown_in(study)).values("pk")
    found = Score.objects.filter(explanation__in=shown).aggregate(n=Count("pk"), last=Max("pk"))
    mark = f"{found['n']} to {found['last'] or 0}"
    if not study.protocol_analysis.reads_activations:
        return mark
    last = Simulation.objects.filter(explanation__in=shown).aggregate(last=Max("pk"))["last"]
    return f"{mark}, {last or 0}"


def analyses_waiting(*, at: datetime) -> list[int]:
    """Return the analyses that are waiting for a worker, oldest first."""
    waiting = Analysis.objects.filter(
        Q(lease=None) | Q(leased_until__lt=at), state=Analysis.State.OPEN
    )
    return list(waiting.order_by("requested").values_list("pk", flat=True))


def analyses_outdated(*, at: datetime, pause: timedelta) -> list[Study]:
    """Return the open and closed studies whose results are outdated.

    Their results have an earlier version, or there are answers or scores that no analysis has seen,
    or the study was closed while an analysis was running. Studies analysed less than `pause` ago,
    or less than three times the duration of that analysis ago, are left out.
    """
    states = (Study.State.OPEN, Study.State.CLOSED)
    rated = Study.objects.filter(state__in=states).select_related("analysis")
    return [study for study in rated if _outdated(study, at, pause)]


def _outdated(study: Study, at: datetime, pause: timedelta) -> bool:
    analysis: Analysis | None = getattr(study, "analysis", None)
    if analysis is None:
        return answers_count(study) > 0
    rest = max(pause, timedelta(seconds=_PATIENCE * analysis.seconds))
    if analysis.state == Analysis.State.OPEN or at < analysis.requested + rest:
        return False
    if analysis.results and analysis.results.get("version") != VERSION:
        return True
    return answers_count(study) > analysis.answers or scores_mark(study) != analysis.scores
