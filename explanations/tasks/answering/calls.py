"""Questions to a language model: each asked once, its outcome stored at once, replayed later."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from explanations.methods.requests import LOCAL
from explanations.methods.values import Unusable
from explanations.models import Target
from explanations.selectors.calls import Outcome, StoredCall, calls_stored
from explanations.services.budgets import price_of, run_may_ask
from explanations.services.calls import call_store, calls_void
from explanations.services.leases import Cost
from explanations.tasks.answering.requests import Asked, Question, Served, Unserved, questions
from explanations.tasks.stopping import patience, stopping

Ledger = dict[tuple[int, int], StoredCall]
"""Calls by target and by place in its dialogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A question of a target at its place, and what says that a stored call is of it."""

    target: int
    place: int
    question: Question
    digest: str

    @property
    def key(self) -> tuple[int, int]:
        return self.target, self.place


class Asking:
    """What a backend is given while it asks: where it tells outcomes, and whether to go on.

    `check` raises `Stopped` soon after the worker is told to end.
    """

    def __init__(
        self, target: Target, model: str, wanted: Sequence[_Wanted], ledger: Ledger
    ) -> None:
        self._run, self._lease = target.run_id, target.lease
        self._model, self._wanted, self._ledger = model, wanted, ledger
        self._price = price_of(model)
        self._paid = not model.startswith(LOCAL)
        self._may = self._may_ask()
        self.check = patience()

    def tell(self, position: int, outcome: Outcome) -> None:
        """Store what a question came to, and look whether the run may go on."""
        wanted = self._wanted[position]
        self._ledger[wanted.key] = call_store(
            target_id=wanted.target,
            place=wanted.place,
            digest=wanted.digest,
            model=self._model,
            outcome=outcome,
            price=self._price,
        )
        if self._paid and self._may:
            self._may = self._may_ask()

    def more(self) -> bool:
        """Tell whether another question may be asked; what is under way is waited for."""
        return self._may and not stopping.is_set()

    def _may_ask(self) -> bool:
        return run_may_ask(
            run_id=self._run, lease=self._lease, model=self._model, price=self._price
        )


Ask = Callable[[Sequence[Any], Asking], object]
"""Puts questions to a backend, and tells each outcome by the question's position as it comes."""


def replied(model: str, asked: Sequence[Asked], ask: Ask) -> list[Served | Unserved]:
    """Give each request its replies: those that are stored, and the others from `ask`.

    A request of which a question is not asked, because the run is halted, the lease is lost or the
    worker ends, is unserved; so is one that asks something else than its target once did there.
    """
    wanted = {each.target.pk: list(_wanted(model, each)) for each in asked}
    ledger = calls_stored(wanted, place=min((each.place for each in asked), default=0))
    strayed = {
        target: _strayed(few, ledger)
        for target, few in wanted.items()
        if any(_is_other(each, ledger) for each in few)
    }
    missing = [
        each
        for target, few in wanted.items()
        for each in few
        if target not in strayed and each.key not in ledger
    ]
    if missing:
        asking = Asking(asked[0].target, model, missing, ledger)
        if asking.more():
            ask([each.question for each in missing], asking)
    return [
        strayed.get(each.target.pk) or _served(wanted[each.target.pk], ledger) for each in asked
    ]


def _wanted(model: str, asked: Asked) -> Iterator[_Wanted]:
    for place, question in enumerate(questions(asked.request), start=asked.place):
        yield _Wanted(
            target=asked.target.pk, place=place, question=question, digest=digest(model, question)
        )


def digest(model: str, question: Question) -> str:
    """Return the SHA-256 of a model and what it is asked."""
    asked = [model, type(question).__name__, asdict(question)]
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _is_other(wanted: _Wanted, ledger: Ledger) -> bool:
    stored = ledger.get(wanted.key)
    return stored is not None and stored.digest != wanted.digest


def _strayed(wanted: Iterable[_Wanted], ledger: Ledger) -> Unserved:
    """Read no further in a target's calls, so that it asks anew from here when it is retried."""
    first = next(each for each in wanted if _is_other(each, ledger))
    calls_void(target_id=first.target, place=first.place)
    reason = (
        f"question {first.place + 1} is not the one that its stored answer is to: "
        "retry it to ask from there anew"
    )
    return Unserved(failure=Unusable(reason=reason))


def _served(wanted: Sequence[_Wanted], ledger: Ledger) -> Served | Unserved:
    calls = [ledger[each.key] for each in wanted if each.key in ledger]
    if len(calls) < len(wanted):
        return Unserved()
    cost = sum((_cost(call) for call in calls), Cost())
    return Served(reply=tuple(call.outcome for call in calls), cost=cost)


def _cost(call: StoredCall) -> Cost:
    return Cost(
        tokens_in=call.outcome.tokens_in,
        tokens_out=getattr(call.outcome, "tokens_out", 0),
        seconds=call.outcome.seconds,
        dollars=call.dollars or 0.0,
    )
