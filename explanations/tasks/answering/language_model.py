"""Requests to the language model that a method names.

A name is that of a server's model, or `local:` and a folder or hub id, for a model that this worker
loads itself.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from explanations.methods.requests import LOCAL
from explanations.models import Method
from explanations.tasks.answering.calls import replies
from explanations.tasks.answering.requests import NoReply, PendingRequest, Reply

if TYPE_CHECKING:
    from explanations.backends.base import Backend

_loading = threading.Lock()


def answer_with_model(method: Method, pending: Sequence[PendingRequest]) -> list[Reply | NoReply]:
    """Return the reply to each request; the questions of all are asked at once."""
    return replies(
        model_of(method),
        pending,
        lambda request, callbacks: backend_of(method).answer(request, callbacks),
    )


def get_capabilities(method: Method, pending: Sequence[PendingRequest]) -> list[Reply]:
    """Return what the language model can do."""
    capabilities = backend_of(method).capabilities()
    return [Reply(value=capabilities) for _ in pending]


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
