"""Running the dialogues of a chunk side by side, so that their requests are answered at once."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from explanations.methods.requests import Dialogue, Request
from explanations.methods.values import Unusable
from explanations.models import Method, Target
from explanations.services.leases import Cost
from explanations.tasks.answering import answer
from explanations.tasks.answering.calls import questions
from explanations.tasks.answering.requests import NoReply, PendingRequest, Reply
from explanations.tasks.chunk import Chunk
from explanations.tasks.stopping import Stopped

T = TypeVar("T")
C = TypeVar("C")


@dataclass(slots=True, kw_only=True)
class PendingDialogue(Generic[T, C]):
    """A target's dialogue; `neuron` is the primary key of the neuron that it is about.

    `context` is what the dialogue began from, for whoever stores its outcome; `asked` is how many
    questions it put to the language model so far.
    """

    target: Target
    neuron: int
    dialogue: Dialogue[T | Unusable]
    context: C
    cost: Cost = field(default_factory=Cost)
    request: Request[Any] | None = None
    asked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Result(Generic[T, C]):
    """A dialogue's outcome, the context that it began from, and what it cost."""

    target: Target
    outcome: T
    context: C
    cost: Cost


def run_dialogues(
    chunk: Chunk, method: Method, dialogues: Iterable[PendingDialogue[T, C]]
) -> Iterator[Result[T, C]]:
    """Yield each dialogue's result as it comes; one that is `Unusable` or raises fails its target.

    Raises `Stopped` at the end if a dialogue had no reply because its run is halted.
    """
    waiting: list[PendingDialogue[T, C]] = []
    unanswered = False
    for dialogue in dialogues:
        yield from _advance(chunk, dialogue, None, waiting)
    while waiting:
        chunk.raise_if_stopped()
        before, waiting = waiting, []
        for dialogue, reply in _replies(method, before):
            if isinstance(reply, Reply):
                dialogue.cost += reply.cost
                yield from _advance(chunk, dialogue, reply.value, waiting)
            elif reply.failure:
                chunk.fail(dialogue.target, reply.failure, dialogue.cost)
            else:
                unanswered = True
    if unanswered:
        raise Stopped


def _advance(
    chunk: Chunk, pending: PendingDialogue[T, C], reply: Any, waiting: list[PendingDialogue[T, C]]
) -> Iterator[Result[T, C]]:
    """Send a reply; the dialogue ends with a result, or waits with its next request."""
    start = time.perf_counter()
    with chunk.attempt(pending.target):
        try:
            pending.request = pending.dialogue.send(reply)
            waiting.append(pending)
        except StopIteration as stop:
            pending.cost += Cost(seconds=time.perf_counter() - start)
            if isinstance(stop.value, Unusable):
                chunk.fail(pending.target, stop.value, pending.cost)
            else:
                yield Result(
                    target=pending.target,
                    outcome=stop.value,
                    context=pending.context,
                    cost=pending.cost,
                )
            return
    pending.cost += Cost(seconds=time.perf_counter() - start)


def _replies(
    method: Method, waiting: Iterable[PendingDialogue[T, C]]
) -> Iterator[tuple[PendingDialogue[T, C], Reply | NoReply]]:
    """Yield each dialogue with its reply; requests of one type are answered together."""
    by_type: dict[type[Any], list[tuple[PendingDialogue[T, C], PendingRequest]]] = defaultdict(list)
    for each in waiting:
        assert each.request is not None  # noqa: S101  it waits for the reply to one
        request = PendingRequest(
            target=each.target, neuron=each.neuron, request=each.request, ordinal=each.asked
        )
        each.asked += len(questions(each.request))
        by_type[type(each.request)].append((each, request))
    for pairs in by_type.values():
        replies = answer(method, [request for _, request in pairs])
        yield from ((each, reply) for (each, _), reply in zip(pairs, replies, strict=True))
