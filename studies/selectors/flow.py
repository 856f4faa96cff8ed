"""The flow from chosen neurons to judgments."""

from collections import Counter
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from annotation.models import Assignment, Enrolment, Item, Judgment
from studies.analysis.data.tables import Flow, ReasonCount
from studies.models import PairDraw, Study, StudyItem


def study_flow(study: Study) -> Flow:
    """Count a study's neurons, items, judgments and raters."""
    return Flow(
        neurons_chosen=study.neurons.count(),
        left_out=tuple(ReasonCount(reason=x["reason"], n=x["n"]) for x in study.left_out),
        **_items(study),
        **_judgments(study),
        **_raters(study),
    )


def _asked(study: Study) -> QuerySet[StudyItem, Any]:
    """Return the items without catch trials and repeats."""
    return study.items.filter(role=StudyItem.Role.MAIN).values("item")


def judgments_wanted(study: Study) -> int:
    """Return how many judgments are wanted, without those that only test raters."""
    if study.draws_pairs:
        return min(study.budget, study.overlap * _asked(study).count())
    asked = Item.objects.filter(pk__in=_asked(study))
    counted: int = asked.aggregate(n=Sum("overlap", default=0))["n"]
    return counted


def _items(study: Study) -> dict[str, int]:
    wanted = {"items": _asked(study).count(), "judgments_wanted": judgments_wanted(study)}
    at_random = Count("pk", Q(arm=PairDraw.Arm.RANDOM))
    drawn = study.draws.aggregate(drawn=Count("pk"), drawn_at_random=at_random)
    return {**wanted, **drawn, "neurons_used": study.items.values("neuron").distinct().count()}


def _judgments(study: Study) -> dict[str, int]:
    asked = _asked(study)
    ended = Assignment.objects.filter(item__in=asked)
    states = Counter(dict(ended.order_by().values_list("state").annotate(n=Count("pk"))))
    # One query: each of these counts would read every judgment.
    stands = Q(superseded_by=None)
    counts = Judgment.objects.filter(assignment__item__in=asked).aggregate(
        given=Count("pk"),
        standing=Count("pk", stands),
        cannot_tell=Count("pk", stands & Q(answer__has_key="cannot_tell")),
        items=Count("assignment__item", stands, distinct=True),
    )
    return {
        "judgments": counts["standing"] - counts["cannot_tell"],
        "cannot_tell": counts["cannot_tell"],
        "corrected": counts["given"] - counts["standing"],
        "skipped": states[Assignment.State.SKIPPED],
        "expired": states[Assignment.State.EXPIRED],
        "in_progress": states[Assignment.State.OPEN],
        "items_without_judgment": asked.count() - counts["items"],
    }


def _raters(study: Study) -> dict[str, int]:
    enrolments = Enrolment.objects.filter(batch=study.batch_id)
    judging = Assignment.objects.filter(item__batch=study.batch_id, state=Assignment.State.JUDGED)
    return {
        "raters_enrolled": enrolments.count(),
        "raters_judging": judging.values("rater").distinct().count(),
        "raters_finished": enrolments.exclude(finished=None).count(),
        "synthetic_raters": enrolments.filter(rater__synthetic=True).count(),
    }
