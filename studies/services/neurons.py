"""Adding and removing a draft's neurons."""

from collections.abc import Sequence

from django.db import transaction

from explanations.models import Neuron
from studies.design.seeds import stream
from studies.models import Study
from studies.selectors.material import chunked, neurons_explained
from studies.services.errors import StudyRefused


@transaction.atomic
def neurons_add(*, study: Study, neurons: Sequence[int]) -> int:
    """Add neurons to a draft by id; return how many were new."""
    _require_draft(study)
    before = study.neurons.count()
    for chunk in chunked(neurons):
        study.neurons.add(*chunk)
    return study.neurons.count() - before


def neurons_add_explained(*, study: Study, at_most: int | None = None) -> int:
    """Add all neurons that have an explanation of every condition; return how many were new.

    With `at_most`, that many of them, sampled with the study's seed. StudyRefused without
    conditions.
    """
    if not study.conditions.exists():
        raise StudyRefused(
            "Add and save the conditions first: they determine which neurons qualify."
        )
    found = neurons_explained(study)
    if at_most is not None and at_most < len(found):
        drawn = stream(study.seed, "neurons").choice(len(found), at_most, replace=False)
        found = tuple(found[i] for i in sorted(drawn.tolist()))
    return neurons_add(study=study, neurons=found)


@transaction.atomic
def neurons_remove(*, study: Study, neurons: Sequence[int] | None = None) -> int:
    """Remove neurons (None: all) from a draft; return how many."""
    _require_draft(study)
    before = study.neurons.count()
    if neurons is None:
        study.neurons.clear()
    else:
        for chunk in chunked(neurons):
            study.neurons.remove(*Neuron.objects.filter(pk__in=chunk))
    return before - study.neurons.count()


def _require_draft(study: Study) -> None:
    if study.state != Study.State.DRAFT:
        raise StudyRefused(f"The study is {study.state}: its neurons can no longer be changed.")
