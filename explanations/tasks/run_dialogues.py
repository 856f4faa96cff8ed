"""Carrying on the dialogues of a chunk side by side, so that what they ask for is asked at once."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from explanations.methods.requests import Dialogue, Request
from explanations.models import Method, Target
from explanations.services.leases import Cost
from explanations.tasks.answering import SERVERS, Asked, Served, Unserved, questions
from explanations.tasks.chunk import Chunk
from explanations.tasks.stopping import Stopped

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Talk(Generic[T]):
    """A target's dialogue; `neuron` is the primary key of the neuron that it is about.

    `place` is how many questions it put to the language model so far.
    """

    target: Target
    neuron: int
    dialogue: Dialogue[T]
    cost: Cost = field(default_factory=Cost)
    request: Request | None = None
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ended(Generic[T]):
    """What a dialogue came to, and what it took."""

    target: Target
    outcome: T
    cost: Cost


def converse(chunk: Chunk, method: Method, talks: Iterable[Talk[T]]) -> Iterator[Ended[T]]:
    """Give each dialogue's end as it comes; one that goes wrong is its target's failure.

    Raises `Stopped` at the end where one had no reply, because its run is halted.
    """
    waiting: list[Talk[T]] = []
    unserved = False
    for talk in talks:
        yield from _went_on(chunk, talk, None, waiting)
    while waiting:
        chunk.check()
        before, waiting = waiting, []
        for talk, served in _served(method, before):
            if isinstance(served, Served):
                talk.cost += served.cost
                yield from _went_on(chunk, talk, served.reply, waiting)
            elif served.failure:
                chunk.fail(talk.target, served.failure, talk.cost)
            else:
                unserved = True
    if unserved:
        raise Stopped


def _went_on(chunk: Chunk, talk: Talk[T], reply: Any, waiting: list[Talk[T]]) -> Iterator[Ended[T]]:
    """Send a reply; the dialogue ends, or waits for the next."""
    start = time.perf_counter()
    with chunk.attempt(talk.target):
        try:
            talk.request = talk.dialogue.send(reply)
            waiting.append(talk)
        except StopIteration as stop:
            talk.cost += Cost(seconds=time.perf_counter() - start)
            yield Ended(target=talk.target, outcome=stop.value, cost=talk.cost)
            return
    talk.cost += Cost(seconds=time.perf_counter() - start)


def _served(
    method: Method, waiting: Iterable[Talk[T]]
) -> Iterator[tuple[Talk[T], Served | Unserved]]:
    """Give each dialogue its reply; what is of one kind is asked for together."""
    kinds: dict[type[Request], list[tuple[Talk[T], Asked]]] = defaultdict(list)
    for talk in waiting:
        assert talk.request is not None  # noqa: S101  it waits for the reply to one
        asked = Asked(
            target=talk.target, neuron=talk.neuron, request=talk.request, place=talk.place
        )
        talk.place += len(questions(talk.request))
        kinds[type(talk.request)].append((talk, asked))
    for kind, few in kinds.items():
        served = SERVERS[kind](method, [asked for _, asked in few])
        yield from ((talk, each) for (talk, _), each in zip(few, served, strict=True))
