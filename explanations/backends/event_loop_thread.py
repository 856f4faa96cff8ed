"""Work on an event loop in a thread of its own, its results taken where they are wanted."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any, TypeVar

T = TypeVar("T")

# Often enough for a worker to end at once, seldom enough to cost nothing.
POLL_SECONDS = 0.05
# A loop that is told to end closes its connections, or is left behind.
_CLOSE_SECONDS = 1.0

Hand = Callable[[int, T], Awaitable[None]]
"""Hands a result over, and waits until it has been dealt with."""


def outcomes(
    work: Callable[[Hand[T]], Coroutine[Any, Any, None]], check: Callable[[], None]
) -> Iterator[tuple[int, T]]:
    """Yield what `work` hands over, as it comes; raise what it raises.

    `check` is called while there is nothing; when it raises, or when the caller goes away, the work
    is cancelled.
    """
    handed: Queue[tuple[int, T, asyncio.Event] | None] = Queue()

    async def hand(position: int, outcome: T) -> None:
        handed.put((position, outcome, taken := asyncio.Event()))
        await taken.wait()

    with _loop() as loop:
        future = asyncio.run_coroutine_threadsafe(work(hand), loop)
        future.add_done_callback(lambda _: handed.put(None))
        while True:
            check()
            try:
                found = handed.get(timeout=POLL_SECONDS)
            except Empty:
                continue
            if found is None:
                break
            position, outcome, taken = found
            yield position, outcome
            loop.call_soon_threadsafe(taken.set)
        future.result()


@contextmanager
def _loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Turn an event loop for the length of a block; what still runs on it then is cancelled."""
    runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
    loop = runner.get_loop()
    thread = threading.Thread(target=_turn, args=(runner, loop), daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_CLOSE_SECONDS)


def _turn(runner: asyncio.Runner, loop: asyncio.AbstractEventLoop) -> None:
    with runner:
        loop.run_forever()
