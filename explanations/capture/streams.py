"""Forward passes side by side whose findings are kept one after the other.

Short steps on one thread each, several batches at a time, are quicker than every step on all
threads: those wait for each other at every step's end. What is kept is the same to the last bit,
as each layer takes the batches in in their order.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition

import torch

from explanations.subjects import Batch, Subject
from explanations.subjects.base import Consume

STREAMS = 4
"""Batches that are run at a time on a processor, where it has as many threads."""


class Overtaken(RuntimeError):
    """An earlier pass went wrong, or nobody wants this one: its turn never comes."""


@dataclass(slots=True)
class Turns:
    """Whose turn it is at each layer: passes come in the order of their tickets."""

    _next: dict[int, int] = field(default_factory=dict)
    _moved: Condition = field(default_factory=Condition)
    _last: float = float("inf")

    @contextmanager
    def turn(self, layer: int, ticket: int) -> Iterator[None]:
        """Wait until every pass before this one is through with the layer."""
        with self._moved:
            self._moved.wait_for(lambda: ticket > self._last or self._next.get(layer, 0) == ticket)
            if ticket > self._last:
                raise Overtaken
        yield
        with self._moved:
            self._next[layer] = ticket + 1
            self._moved.notify_all()

    def end(self, last: int) -> None:
        """Let nobody after the pass with this ticket wait any more."""
        with self._moved:
            self._last = min(self._last, last)
            self._moved.notify_all()


def run_all(
    subject: Subject, passes: Iterable[tuple[Batch, Consume]]
) -> Generator[Batch, None, None]:
    """Run batches, several at a time on a processor; give each once it is through, in order.

    At each layer one batch after the other is handed over, in order, from several threads. The
    first error of a pass is raised here, and the passes after it come to nothing.
    """
    threads = torch.get_num_threads()
    streams = min(STREAMS, threads) if subject.device.type == "cpu" else 1
    turns = Turns()

    def run(ticket: int, batch: Batch, consume: Consume) -> Batch:
        try:
            subject.run(batch, _in_turn(consume, turns, ticket))
        except BaseException:
            turns.end(ticket)
            raise
        return batch

    with (
        _threads_each(threads // streams),
        ThreadPoolExecutor(
            streams, initializer=torch.set_num_threads, initargs=(threads // streams,)
        ) as pool,
    ):
        try:
            yield from _in_order(pool, run, passes, streams)
        finally:
            turns.end(-1)


def _in_turn(consume: Consume, turns: Turns, ticket: int) -> Consume:
    def take(layer: int, values: torch.Tensor) -> None:
        with turns.turn(layer, ticket):
            consume(layer, values)

    return take


def _in_order(
    pool: ThreadPoolExecutor,
    run: Callable[[int, Batch, Consume], Batch],
    passes: Iterable[tuple[Batch, Consume]],
    streams: int,
) -> Iterator[Batch]:
    """Keep every stream busy, and one batch ready for the first that is free."""
    under_way: deque[Future[Batch]] = deque()
    for ticket, (batch, consume) in enumerate(passes):
        under_way.append(pool.submit(run, ticket, batch, consume))
        if len(under_way) > streams:
            yield under_way.popleft().result()
    while under_way:
        yield under_way.popleft().result()


@contextmanager
def _threads_each(number: int) -> Iterator[None]:
    """Have this thread, and those that it starts, compute with so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, number))
    try:
        yield
    finally:
        torch.set_num_threads(before)
