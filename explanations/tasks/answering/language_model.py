"""Asking the language model that a method names.

A name is a server's, or `local:` and a folder or hub id, for a model that this worker loads itself.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from explanations.methods.requests import LOCAL, Given, Passage
from explanations.methods.values import Prompt
from explanations.models import Method
from explanations.tasks.answering.calls import Asking, replied
from explanations.tasks.answering.requests import Asked, Served, Unserved

if TYPE_CHECKING:
    from explanations.backends.base import Backend

_loading = threading.Lock()


def answered(method: Method, asked: Sequence[Asked]) -> list[Served | Unserved]:
    """Return each request's answers and failures; all questions are asked at once."""

    def ask(prompts: Sequence[Prompt], asking: Asking) -> None:
        backend_of(method).complete(prompts, asking.tell, asking.check, asking.more)

    return replied(model_of(method), asked, ask)


def foreseen(method: Method, asked: Sequence[Asked]) -> list[Served | Unserved]:
    """Return what was foreseen in each request's passages; all are read at once."""

    def read(passages: Sequence[Passage], asking: Asking) -> None:
        backend_of(method).read(passages, asking.tell, asking.check, asking.more)

    return replied(model_of(method), asked, read)


def weighed(method: Method, asked: Sequence[Asked]) -> list[Served | Unserved]:
    """Return how likely each request's texts are; all are weighed at once."""

    def weigh(texts: Sequence[Given], asking: Asking) -> None:
        backend_of(method).weigh(texts, asking.tell, asking.check, asking.more)

    return replied(model_of(method), asked, weigh)


def abilities(method: Method, asked: Sequence[Asked]) -> list[Served]:
    """Return what the language model can do."""
    found = backend_of(method).abilities()
    return [Served(reply=found) for _ in asked]


def backend_of(method: Method) -> "Backend":
    """Return the language model that a method names, loaded once in a process."""
    with _loading:
        return _backend(model_of(method))


def model_of(method: Method) -> str:
    """Return the name of the language model that a method asks."""
    return str(method.config.get("model") or settings.LLM_MODEL)


@lru_cache(maxsize=4)
def _backend(model: str) -> "Backend":
    if model.startswith(LOCAL):
        from explanations.backends.local import LocalBackend

        return LocalBackend(model.removeprefix(LOCAL))
    from explanations.backends.openai_client import OpenAIBackend

    if not (settings.OPENAI_BASE_URL or settings.OPENAI_API_KEY):
        raise LookupError("no language model: set OPENAI_API_KEY, or OPENAI_BASE_URL, for workers")
    return OpenAIBackend(
        base_url=settings.OPENAI_BASE_URL,
        api_key=settings.OPENAI_API_KEY,
        model=model,
        concurrency=settings.LLM_CONCURRENCY,
    )
