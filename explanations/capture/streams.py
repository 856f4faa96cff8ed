"""Forward passes side by side whose findings are kept one after the other.

Short steps on one thread each, several batches at a time, are quicker than every step on all
threads: those wait for each other at every step's end. What is kept is the same to the last bit,
as each layer takes the batches in in their order.
"""

import ctypes
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Condition
from types import TracebackType
from typing import Self

import torch

from explanations.subjects import Batch, Subject
from explanations.subjects.base import Consume

_ARENA_MAX = -8  # glibc's number for the most pools

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


class Streams:
    """Threads that run a subject's passes for as long as a text is read, then give way.

    They stay the same ones: memory that a thread has used is seldom given back when it ends.
    """

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._before = torch.get_num_threads()
        self._count = min(STREAMS, self._before) if subject.device.type == "cpu" else 1
        _share_freed_memory()

    def __enter__(self) -> Self:
        each = self._before // self._count
        torch.set_num_threads(each)
        self._pool = ThreadPoolExecutor(
            self._count, initializer=torch.set_num_threads, initargs=(each,)
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()
        torch.set_num_threads(self._before)

    def run_all(self, passes: Iterable[tuple[Batch, Consume]]) -> Generator[Batch, None, None]:
        """Run batches, several at a time on a processor; give each once it is through, in order.

        At each layer one batch after the other is handed over, in order, from several threads. The
        first error of a pass is raised here, and the passes after it come to nothing.
        """
        turns, under_way = Turns(), deque[Future[Batch]]()
        try:
            for ticket, (batch, consume) in enumerate(passes):
                under_way.append(self._pool.submit(self._run, turns, ticket, batch, consume))
                if len(under_way) > self._count:  # every stream is busy, and one batch is ready
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            turns.end(-1)
            wait(under_way)

    def _run(self, turns: Turns, ticket: int, batch: Batch, consume: Consume) -> Batch:
        try:
            self.subject.run(batch, _in_turn(consume, turns, ticket))
        except BaseException:
            turns.end(ticket)
            raise
        return batch


def _share_freed_memory() -> None:
    """Have all threads take memory from one pool, so that what one has freed serves another.

    glibc gives each thread a pool of its own, and each grows to its highest use. Other C libraries
    have no such setting, and need none.
    """
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def _in_turn(consume: Consume, turns: Turns, ticket: int) -> Consume:
    def take(layer: int, values: torch.Tensor) -> None:
        with turns.turn(layer, ticket):
            consume(layer, values)

    return take
