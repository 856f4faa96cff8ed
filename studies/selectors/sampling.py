"""The neurons of a subject that a study can ask about, and the authors of its explanations."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

from django.db.models import Count, Q, QuerySet

from explanations.models import BY_PEOPLE, PERSON, Explanation, Method, Neuron, Subject
from explanations.services.ground_truth import TRUTH
from studies.analysis.report.wording import counted
from studies.design.sampling import score_strata, spread
from studies.design.seeds import stream
from studies.models import Study
from studies.selectors.material import explained_by, scores_by_explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """An author of explanations (a method; None: people), and of how many neurons."""

    method: Method | None
    neurons: int

    @property
    def key(self) -> str:
        """Its value in a form."""
        return str(self.method.pk) if self.method else "people"

    @property
    def name(self) -> str:
        """Its label in a form."""
        return f"{self.method or 'written by people'}: {counted(self.neurons, 'neuron')}"


def authors_of(subject: Subject) -> list[Author]:
    """Return the authors of explanations of a subject's neurons, most neurons first.

    Controls come after all others, and known true descriptions last: they are the reference.
    """
    of_subject = Explanation.objects.filter(neuron__subject=subject)
    control = Q(author_kind=Explanation.Author.CONTROL)
    by_method = (
        of_subject.filter(method__isnull=False)
        .exclude(method__config__has_key=PERSON)
        .order_by()
        .values_list("method")
        .annotate(n=Count("neuron", distinct=True), controls=Count("pk", filter=control))
    )
    by_people = of_subject.filter(BY_PEOPLE).aggregate(n=Count("neuron", distinct=True))["n"]
    rows = [*by_method, *([(None, by_people, 0)] if by_people else [])]
    rows.sort(key=lambda row: (row[2] > 0, -row[1], row[0] or 0))
    methods = Method.objects.in_bulk([method for method, _, _ in rows if method])
    authors = [Author(method=methods.get(method), neurons=n) for method, n, _ in rows]
    return sorted(authors, key=lambda a: a.method is not None and a.method.name == TRUTH.name)


def neurons_to_ask(study: Study, subject: Subject, *, at_most: int) -> list[int]:
    """Return neurons of a subject with records and an explanation of each condition.

    Of more than `at_most`, that many are sampled with the study's seed, evenly over the layers and,
    if there are scores, over their quartiles.
    """
    conditions = tuple(study.conditions.all())
    found = explained_by(conditions) if conditions else Neuron.objects.order_by("layer", "index")
    able = found.filter(
        subject=subject,
        records__isnull=False,
        records__document__image__isnull=not study.design.needs.images,
        maximum__gt=0,
    ).distinct()
    rows = list(able.values_list("pk", "layer"))
    if not rows and not study.design.needs.fires:
        rows = list(found.filter(subject=subject).values_list("pk", "layer"))
    if len(rows) <= at_most:
        return [pk for pk, _ in rows]
    quarters = score_strata(_mean_scores([pk for pk, _ in rows], found.filter(subject=subject)))
    strata = [(layer, quarter) for (_, layer), quarter in zip(rows, quarters, strict=True)]
    places = spread(strata, at_most, stream(study.seed, "neurons"))
    return [rows[place][0] for place in places]


def _mean_scores(neurons: Sequence[int], found: QuerySet[Neuron]) -> list[float]:
    """Return each neuron's mean score over its explanations; nan without any."""
    scores = scores_by_explanation(found)
    owners = dict(
        Explanation.objects.filter(neuron__in=found.values("pk")).values_list("pk", "neuron")
    )
    of_neuron: dict[int, list[float]] = {}
    for explanation, value in scores.items():
        of_neuron.setdefault(owners[explanation], []).append(value)
    return [sum(values) / len(values) if (values := of_neuron.get(pk)) else nan for pk in neurons]
