"""A claimed chunk of a run while a worker processes it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TypeVar

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from explanations.methods.values import Unusable
from explanations.models import Target
from explanations.services.leases import Claim, Cost, lease_extend, lease_release, target_fail
from explanations.tasks.lease_heartbeat import Heartbeat
from explanations.tasks.stopping import Stopped, stopping

T = TypeVar("T")


class Chunk:
    """Targets under a lease that a heartbeat extends.

    Iterating yields the targets until the worker stops or the lease is lost. Leaving the context
    releases the targets that are still open.
    """

    def __init__(self, claim: Claim) -> None:
        self.lease = claim.lease
        self.targets = list(Target.objects.filter(pk__in=claim.targets).order_by("pk").defer("raw"))
        self._heartbeat = Heartbeat(
            lambda: lease_extend(Target, lease=claim.lease, at=timezone.now())
        )

    def __enter__(self) -> Self:
        self._heartbeat.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self._heartbeat.__exit__(kind, error, trace)
        if isinstance(error, Exception) and not isinstance(error, _NOT_THE_TARGETS_FAULT):
            self._fail_all(error)
            error = None
        lease_release(Target, lease=self.lease)
        return error is None or isinstance(error, Stopped)

    def __iter__(self) -> Iterator[Target]:
        for target in self.targets:
            if stopping.is_set() or self._heartbeat.lost.is_set():
                return
            yield target

    def each(
        self, read: Callable[[Sequence[int]], Mapping[int, T]], key: str
    ) -> Iterator[tuple[Target, T]]:
        """Yield each target with what `read` returns for its `key`.

        All are read at once; if that fails, one by one, so that only a broken one fails.
        """
        keys = {target.pk: int(getattr(target, key)) for target in self.targets}
        try:
            found = read(list(keys.values()))
        except _NOT_THE_TARGETS_FAULT:
            raise
        except Exception:  # noqa: BLE001 - raised again below, for the target at fault
            found = None
        for target in self:
            mine = None
            with self.attempt(target):
                mine = (found or read([keys[target.pk]]))[keys[target.pk]]
            if mine is not None:
                yield target, mine

    def raise_if_stopped(self) -> None:
        """Raise `Stopped` when the worker stops or the lease is lost; for work that takes long."""
        if stopping.is_set() or self._heartbeat.lost.is_set():
            raise Stopped

    @contextmanager
    def attempt(self, target: Target) -> Iterator[None]:
        """Store an error inside the block as this target's failure, and continue."""
        try:
            yield
        except _NOT_THE_TARGETS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001 - one target's failure is its outcome
            self.fail(target, _unexpected(error))

    def fail(self, target: Target, outcome: Unusable, cost: Cost | None = None) -> None:
        """Store a failure with its reason and what came back."""
        target_fail(
            target_id=target.pk,
            lease=self.lease,
            reason=outcome.reason,
            raw=outcome.raw,
            at=timezone.now(),
            cost=cost,
        )

    def _fail_all(self, error: Exception) -> None:
        for target in self.targets:
            self.fail(target, _unexpected(error))


_NOT_THE_TARGETS_FAULT = (Stopped, OperationalError, InterfaceError)


def _unexpected(error: Exception) -> Unusable:
    text, name = str(error), type(error).__name__
    return Unusable(reason=f"{name}: {text}" if text else name)


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    @property
    def cost(self) -> Cost:
        """The time taken, as the cost of work that asked no language model."""
        return Cost(seconds=time.perf_counter() - self._start)
