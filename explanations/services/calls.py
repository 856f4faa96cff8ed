"""Calls to language models: stored as their answers come, so that none is paid for twice."""

import math
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from explanations.methods.requests import Foreseen, Weighed
from explanations.methods.values import Unusable
from explanations.models import Call, Run
from explanations.prices import Price
from explanations.selectors.calls import Outcome, StoredCall, call_read
from explanations.services.leases import shortened


@transaction.atomic
def call_store(
    *, target_id: int, place: int, digest: str, model: str, outcome: Outcome, price: Price | None
) -> StoredCall:
    """Store what a question came to, add its price to the run's dollars, and return it as stored.

    It is stored whoever holds the target by now, for it is paid for. Where another worker was first
    with this place of the target, what came later is kept as void.
    """
    tokens_out = 0 if isinstance(outcome, Foreseen | Weighed) else outcome.tokens_out
    dollars = price.of(tokens_in=outcome.tokens_in, tokens_out=tokens_out) if price else None
    call = Call(
        target_id=target_id,
        place=place,
        digest=digest,
        model=model,
        tokens_in=outcome.tokens_in,
        tokens_out=tokens_out,
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
    """Read a target's calls from that place on no more; return how many."""
    later = Call.objects.filter(target=target_id, place__gte=place, void=False)
    return later.update(void=True)


def _columns(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as the columns hold it; no database holds a NUL or an infinite number."""
    if isinstance(outcome, Unusable):
        return {"reason": shortened(outcome.reason), "raw": outcome.raw.replace("\0", "")}
    if isinstance(outcome, Foreseen):
        return {"reply": {}, "logprobs": [_finite(each) for each in outcome.logprobs]}
    if isinstance(outcome, Weighed) and not math.isfinite(outcome.logprob):
        return {"reason": f"the text's log probability is {outcome.logprob}"}
    if isinstance(outcome, Weighed):
        return {"reply": {"logprob": outcome.logprob, "tokens": outcome.tokens}}
    tokens = [[_plain(token.text), _finite(token.logprobs)] for token in outcome.tokens]
    return {"reply": {"text": _plain(outcome.text)}, "logprobs": tokens or None}


def _finite(logprobs: dict[str, float]) -> dict[str, float]:
    return {_plain(text): value for text, value in logprobs.items() if math.isfinite(value)}


def _plain(text: str) -> str:
    return text.replace("\0", "")
