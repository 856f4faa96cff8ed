"""Stored calls to language models and their outcomes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum

from explanations.methods import stored_outcomes
from explanations.methods.values import Unusable
from explanations.models import Call

Outcome = stored_outcomes.Outcome | Unusable
"""The outcome of a question to a language model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCall:
    """A question's digest and outcome; `dollars` is None where the model has no price."""

    digest: str
    outcome: Outcome
    dollars: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTotals:
    """Totals of a run's calls, repeated ones included.

    `unpriced` of them were of a model without a price; `seconds` is the mean wait of an answered
    one, None before there is any.
    """

    calls: int
    failed: int
    unpriced: int
    tokens_in: int
    tokens_out: int
    seconds: float | None

    @property
    def line(self) -> str:
        """The calls in one line for a terminal."""
        waited = "" if self.seconds is None else f", {self.seconds:.1f} s each"
        unpriced = f", {self.unpriced:,} without a price" if self.unpriced else ""
        return (
            f"{self.calls:,} calls, {self.failed:,} failed: {self.tokens_in:,} tokens in, "
            f"{self.tokens_out:,} out{waited}{unpriced}"
        )


def calls_stored(targets: Iterable[int], *, place: int = 0) -> dict[tuple[int, int], StoredCall]:
    """Return the calls of targets from a position on, by target and position; one query."""
    rows = Call.objects.filter(target__in=list(targets), place__gte=place, void=False)
    return {(call.target_id, call.place): call_read(call) for call in rows}


def call_read(call: Call) -> StoredCall:
    """Return a stored call as an outcome."""
    usage: dict[str, Any] = {
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "seconds": call.seconds,
    }
    outcome: Outcome
    if call.reply is None:
        outcome = Unusable(reason=call.reason, raw=call.raw, **usage)
    else:
        outcome = stored_outcomes.outcome_from_json(call.reply, call.logprobs, **usage)
    return StoredCall(digest=call.digest, outcome=outcome, dollars=call.dollars)


def call_totals(run: int) -> CallTotals:
    """Return the totals of a run's calls."""
    row: Mapping[str, Any] = Call.objects.filter(target__run=run).aggregate(
        calls=Count("pk"),
        failed=Count("pk", filter=~Q(reason="")),
        unpriced=Count("pk", filter=Q(dollars=None)),
        tokens_in=Sum("tokens_in", default=0),
        tokens_out=Sum("tokens_out", default=0),
        waited=Sum("seconds", filter=Q(reason=""), default=0.0),
    )
    answered = row["calls"] - row["failed"]
    return CallTotals(
        calls=row["calls"],
        failed=row["failed"],
        unpriced=row["unpriced"],
        tokens_in=row["tokens_in"],
        tokens_out=row["tokens_out"],
        seconds=row["waited"] / answered if answered else None,
    )
