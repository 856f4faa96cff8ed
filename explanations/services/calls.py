"""Calls to language models: stored as their answers come, so that none is paid for twice."""

import math
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from explanations.methods.requests import LogLikelihood
from explanations.methods.stored_outcomes import outcome_to_json
from explanations.methods.values import Unusable
from explanations.models import Call, Run
from explanations.prices import Price
from explanations.selectors.calls import Outcome, StoredCall, call_read
from explanations.services.leases import shortened


@transaction.atomic
def call_store(
    *, target_id: int, place: int, digest: str, model: str, outcome: Outcome, price: Price | None
) -> StoredCall:
    """Store a question's outcome, add its price to the run's dollars, and return it as stored.

    It is stored even if another worker holds the target, because it is paid for. If another
    worker stored this place of the target first, the later outcome is kept as void.
    """
    dollars = None
    if price:
        dollars = price.of(tokens_in=outcome.tokens_in, tokens_out=outcome.tokens_out)
    call = Call(
        target_id=target_id,
        place=place,
        digest=digest,
        model=model,
        tokens_in=outcome.tokens_in,
        tokens_out=outcome.tokens_out,
        seconds=outcome.seconds,
        dollars=dollars,
        **_columns(outcome),
    )
    try:
        with transaction.atomic():
            call.save()
    except IntegrityError:
        call.void = True
        call.save()
    if dollars:
        Run.objects.filter(targets=target_id).update(dollars=F("dollars") + dollars)
    return call_read(call)


def calls_void(*, target_id: int, place: int) -> int:
    """Stop using a target's calls from a position on; return how many."""
    later = Call.objects.filter(target=target_id, place__gte=place, void=False)
    return later.update(void=True)


def _columns(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as the columns hold it; no database holds a NUL or an infinite number."""
    if isinstance(outcome, Unusable):
        return {"reason": shortened(outcome.reason), "raw": outcome.raw.replace("\0", "")}
    if isinstance(outcome, LogLikelihood) and not math.isfinite(outcome.logprob):
        return {"reason": f"the text's log probability is {outcome.logprob}"}
    reply, logprobs = outcome_to_json(outcome)
    return {"reply": _storable(reply), "logprobs": _storable(logprobs)}


def _storable(value: Any) -> Any:
    """Return JSON without NULs in texts and without entries that are infinite."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list | tuple):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {
            _storable(key): _storable(each)
            for key, each in value.items()
            if not isinstance(each, float) or math.isfinite(each)
        }
    return value
