"""The heartbeat that extends a lease while its work lasts."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection


class Heartbeat:
    """Extends a lease three times within its length, in a thread of its own, inside the context.

    `extend` returns whether the lease is still held; once it is not, `lost` stays set.
    """

    def __init__(self, extend: Callable[[], bool]) -> None:
        self.lost = threading.Event()
        self._extend = extend
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._ended.wait(settings.LEASE_SECONDS / 3):
                if not self._extended():
                    self.lost.set()
                    return
        finally:
            connection.close()

    def _extended(self) -> bool:
        try:
            return self._extend()
        except (OperationalError, InterfaceError):
            # The next beat may reach the database again; if none does, the lease runs out.
            connection.close()
            return True
