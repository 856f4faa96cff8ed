"""Questions to a language model: each is asked once, stored at once, and replayed later.

The stored calls are a ledger: a target's dialogue asks in a fixed order, so a worker that resumes
an interrupted dialogue runs it again from the start and answers it from the ledger up to where it
was interrupted. No call is paid for twice.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from explanations.methods.requests import (
    LOCAL,
    Conditional,
    LanguageModelRequest,
    NumberPrompt,
    Request,
)
from explanations.methods.values import Prompt, Unusable
from explanations.models import Target
from explanations.selectors.calls import Outcome, StoredCall, calls_stored
from explanations.services.budgets import price_of, run_may_ask
from explanations.services.calls import call_store, calls_void
from explanations.services.leases import Cost
from explanations.tasks.answering.requests import NoReply, PendingRequest, Reply
from explanations.tasks.stopping import patience, stopping

if TYPE_CHECKING:
    from explanations.backends.base import Callbacks

Ledger = dict[tuple[int, int], StoredCall]
"""Stored calls by target and by ordinal."""

Question = Prompt | NumberPrompt | Conditional
"""A part of a request to a language model."""

Ask = Callable[[LanguageModelRequest[Any, Any], "Callbacks"], object]
"""Sends a request to a backend."""

# Digests name these types as they were called when the first calls were stored.
_DIGEST_NAMES: dict[type[Question], str] = {NumberPrompt: "Passage", Conditional: "Given"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A question that a target asks, and the digest by which a stored call of it is known."""

    target: int
    ordinal: int
    question: Question
    digest: str

    @property
    def key(self) -> tuple[int, int]:
        return self.target, self.ordinal


class _Recorder:
    """Stores outcomes as they come, and says whether the run may go on."""

    def __init__(self, target: Target, model: str, calls: Sequence[_Call], ledger: Ledger) -> None:
        self._run, self._lease = target.run_id, target.lease
        self._model, self._calls, self._ledger = model, calls, ledger
        self._price = price_of(model)
        self._paid = not model.startswith(LOCAL)
        self._may = self._may_ask()

    def store(self, position: int, outcome: Outcome) -> None:
        """Store a question's outcome, and look up whether the run may ask more."""
        call = self._calls[position]
        self._ledger[call.key] = call_store(
            target_id=call.target,
            place=call.ordinal,
            digest=call.digest,
            model=self._model,
            outcome=outcome,
            price=self._price,
        )
        if self._paid and self._may:
            self._may = self._may_ask()

    def may_send(self) -> bool:
        """Return whether another question may be sent."""
        return self._may and not stopping.is_set()

    def _may_ask(self) -> bool:
        return run_may_ask(
            run_id=self._run, lease=self._lease, model=self._model, price=self._price
        )


def questions(request: Request[Any] | None) -> tuple[Question, ...]:
    """Return what a request asks the language model, one by one."""
    return request.parts if isinstance(request, LanguageModelRequest) else ()


def replies(model: str, pending: Sequence[PendingRequest], ask: Ask) -> list[Reply | NoReply]:
    """Return the reply to each request: from stored calls, and for the other questions from `ask`.

    A request has no reply if one of its questions is not asked, because the run is halted, the
    lease is lost or the worker ends, or if its target asked another question there before.
    """
    from explanations.backends.base import Callbacks

    calls = {each.target.pk: list(_calls(model, each)) for each in pending}
    ledger = calls_stored(calls, place=min((each.ordinal for each in pending), default=0))
    diverged = {
        target: _diverged(own, ledger)
        for target, own in calls.items()
        if any(_differs(call, ledger) for call in own)
    }
    missing = [
        call
        for target, own in calls.items()
        for call in own
        if target not in diverged and call.key not in ledger
    ]
    if missing:
        recorder = _Recorder(pending[0].target, model, missing, ledger)
        if recorder.may_send():
            request: Any = type(pending[0].request)
            callbacks = Callbacks(
                on_result=recorder.store,
                raise_if_stopped=patience(),
                may_send=recorder.may_send,
            )
            ask(request(call.question for call in missing), callbacks)
    return [
        diverged.get(each.target.pk) or _reply(calls[each.target.pk], ledger) for each in pending
    ]


def _calls(model: str, pending: PendingRequest) -> Iterator[_Call]:
    for ordinal, question in enumerate(questions(pending.request), start=pending.ordinal):
        yield _Call(
            target=pending.target.pk,
            ordinal=ordinal,
            question=question,
            digest=digest(model, question),
        )


def digest(model: str, question: Question) -> str:
    """Return the SHA-256 of a model and what it is asked."""
    name = _DIGEST_NAMES.get(type(question), type(question).__name__)
    canonical = json.dumps([model, name, asdict(question)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _differs(call: _Call, ledger: Ledger) -> bool:
    stored = ledger.get(call.key)
    return stored is not None and stored.digest != call.digest


def _diverged(calls: Iterable[_Call], ledger: Ledger) -> NoReply:
    """Void a target's calls from the first that differs, so that a retry asks again from there."""
    first = next(call for call in calls if _differs(call, ledger))
    calls_void(target_id=first.target, place=first.ordinal)
    reason = (
        f"question {first.ordinal + 1} is not the one that its stored answer belongs to: "
        "retry to ask again from there"
    )
    return NoReply(failure=Unusable(reason=reason))


def _reply(calls: Sequence[_Call], ledger: Ledger) -> Reply | NoReply:
    stored = [ledger[call.key] for call in calls if call.key in ledger]
    if len(stored) < len(calls):
        return NoReply()
    cost = sum((_cost(each) for each in stored), Cost())
    return Reply(value=tuple(each.outcome for each in stored), cost=cost)


def _cost(call: StoredCall) -> Cost:
    return Cost(
        tokens_in=call.outcome.tokens_in,
        tokens_out=call.outcome.tokens_out,
        seconds=call.outcome.seconds,
        dollars=call.dollars or 0.0,
    )
