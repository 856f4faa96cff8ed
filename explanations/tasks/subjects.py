"""The subject that a worker process has loaded."""

import threading
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from explanations.subjects import Subject

_loading = threading.Lock()


def loaded(source: str, revision: str) -> "Subject":
    """Return a subject, loaded once per process."""
    with _loading:
        return _loaded(source, revision)


@lru_cache(maxsize=1)
def _loaded(source: str, revision: str) -> "Subject":
    from explanations import subjects

    return subjects.load(source, revision=revision)
