"""Explanations and simulations by people."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from explanations.methods.values import Simulated, Unusable
from explanations.models import Explanation, Method, Neuron, SimulatedRecord, Simulation
from explanations.records import Scale
from explanations.services.results import simulated_row


@transaction.atomic
def explanation_write(*, neuron: Neuron, text: str, shown: Iterable[int] = ()) -> Explanation:
    """Store what a person wrote about a neuron, and the keys of the records that person saw.

    The same text about the same neuron is stored once. Raises `ValueError` for an empty text.
    """
    written = text.strip()
    if not written:
        raise ValueError(f"{neuron}: an explanation needs words")
    explanation, created = Explanation.objects.get_or_create(
        neuron=neuron, author_kind=Explanation.Author.HUMAN, method=None, text=written
    )
    if created:
        explanation.shown.set(shown)
    return explanation


@transaction.atomic
def explanation_adopt(
    *,
    neuron_id: int,
    text: str,
    method: Method,
    shown: Iterable[int],
    parent: Explanation | None = None,
) -> Explanation:
    """Store a rater's explanation of a neuron; `method` represents the rater in the study.

    `shown` are the keys of the records that the person saw: they are held out from its scores. One
    that is there already is returned as it is.
    """
    explanation, created = Explanation.objects.get_or_create(
        neuron_id=neuron_id,
        method=method,
        defaults={
            "text": text,
            "author_kind": Explanation.Author.HUMAN,
            "parent": parent,
        },
    )
    if created:
        explanation.shown.set(shown)
    return explanation


@transaction.atomic
def simulation_adopt(
    *,
    explanation_id: int,
    method: Method,
    outcomes: Mapping[int, Simulated | Unusable],
    details: Mapping[str, Any],
) -> Simulation:
    """Store a rater's predictions by record; `method` represents the rater in the study.

    It is stored as a model's is, so the same scorers score it. One that is there already is
    returned as it is.
    """
    simulation, created = Simulation.objects.get_or_create(
        explanation_id=explanation_id,
        method=method,
        defaults={"scale": Scale.ZERO_TO_TEN, "details": dict(details)},
    )
    if created:
        SimulatedRecord.objects.bulk_create(
            simulated_row(simulation, record, outcome) for record, outcome in outcomes.items()
        )
    return simulation
