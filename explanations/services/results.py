"""Results: stored together with the end of the target that asked for them, or not at all."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from explanations.methods.values import Explained, Scored, Simulated, Unusable
from explanations.models import (
    Explanation,
    Score,
    SimulatedRecord,
    Simulation,
    Target,
)
from explanations.records import Scale, packed
from explanations.services.leases import Cost, shortened, target_close


@transaction.atomic
def explanation_store(
    *,
    target_id: int,
    lease: UUID,
    explained: Explained,
    author_kind: Explanation.Author,
    shown: Iterable[int],
    at: datetime,
    cost: Cost | None = None,
) -> Explanation | None:
    """Store what an explainer wrote and the records it saw; None when the lease is lost."""
    if not target_close(target_id, lease, Target.State.DONE, at, cost):
        return None
    target = Target.objects.values("neuron_id", "method_id").get(pk=target_id)
    explanation, created = Explanation.objects.get_or_create(
        **target,
        defaults={
            "text": explained.text,
            "author_kind": author_kind,
            "details": explained.details,
        },
    )
    if created:
        explanation.shown.set(shown)
    return explanation


@transaction.atomic
def simulation_store(
    *,
    target_id: int,
    lease: UUID,
    outcomes: Mapping[int, Simulated | Unusable],
    at: datetime,
    details: Mapping[str, Any] | None = None,
    cost: Cost | None = None,
) -> Simulation | None:
    """Store predicted activations by record, each with its values or why it has none.

    A value is nan where its token got none; `details` is how they were made. None when the lease
    is lost.
    """
    if not target_close(target_id, lease, Target.State.DONE, at, cost):
        return None
    target = Target.objects.values("explanation_id", "method_id").get(pk=target_id)
    simulation, created = Simulation.objects.get_or_create(
        **target, defaults={"scale": Scale.ZERO_TO_TEN, "details": dict(details or {})}
    )
    if created:
        SimulatedRecord.objects.bulk_create(
            simulated_row(simulation, record, outcome) for record, outcome in outcomes.items()
        )
    return simulation


def simulated_row(
    simulation: Simulation, record: int, outcome: Simulated | Unusable
) -> SimulatedRecord:
    """Return a record's outcome as it is stored: its values, or why it has none."""
    if isinstance(outcome, Unusable):
        return SimulatedRecord(
            simulation=simulation, record_id=record, reason=shortened(outcome.reason)
        )
    return SimulatedRecord(simulation=simulation, record_id=record, values=packed(outcome.values))


@transaction.atomic
def score_store(
    *, target_id: int, lease: UUID, scored: Scored, at: datetime, cost: Cost | None = None
) -> Score | None:
    """Store what a target scored, or why that is undefined; None when the lease is lost."""
    if not target_close(target_id, lease, Target.State.DONE, at, cost):
        return None
    target = Target.objects.select_related("simulation").get(pk=target_id)
    simulation = target.simulation
    explanation = simulation.explanation_id if simulation else target.explanation_id
    score, _ = Score.objects.get_or_create(
        explanation_id=explanation or 0,
        simulation=simulation,
        method_id=target.method_id or 0,
        defaults={
            "value": scored.value,
            "reason": shortened(scored.reason),
            "n": scored.n,
            "low": scored.low,
            "high": scored.high,
            "records": list(scored.records),
            "details": scored.details,
        },
    )
    return score
