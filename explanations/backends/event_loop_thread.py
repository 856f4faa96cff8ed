"""Run a coroutine on an event loop in a thread of its own, and take its results in this thread."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from queue import Empty, Queue
from typing import Any, TypeVar

T = TypeVar("T")

# Short enough for a worker to stop at once, long enough to cost nothing.
POLL_SECONDS = 0.05
# How long a stopped loop may take to close its connections; it is abandoned after that.
_CLOSE_SECONDS = 1.0

OnResult = Callable[[int, T], Awaitable[None]]
"""Passes a result to the calling thread, and waits until that has dealt with it."""


def outcomes(
    work: Callable[[OnResult[T]], Coroutine[Any, Any, None]], raise_if_stopped: Callable[[], None]
) -> Iterator[tuple[int, T]]:
    """Yield the results of `work` as they come; raise what it raises.

    `raise_if_stopped` is called while there is none. When it raises, or when the caller stops
    iterating, the work is cancelled.
    """
    queue: Queue[tuple[int, T, asyncio.Event] | None] = Queue()

    async def on_result(position: int, outcome: T) -> None:
        queue.put((position, outcome, taken := asyncio.Event()))
        await taken.wait()

    with _running_loop() as loop:
        future = asyncio.run_coroutine_threadsafe(work(on_result), loop)
        future.add_done_callback(lambda _: queue.put(None))
        while True:
            raise_if_stopped()
            try:
                entry = queue.get(timeout=POLL_SECONDS)
            except Empty:
                continue
            if entry is None:
                break
            position, outcome, taken = entry
            yield position, outcome
            loop.call_soon_threadsafe(taken.set)
        future.result()


@contextmanager
def _running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop for the length of a block; what still runs on it then is cancelled."""
    runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
    loop = runner.get_loop()
    thread = threading.Thread(target=_run, args=(runner, loop), daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(_CLOSE_SECONDS)


def _run(runner: asyncio.Runner, loop: asyncio.AbstractEventLoop) -> None:
    with runner:
        loop.run_forever()
