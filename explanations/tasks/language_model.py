"""Asking the language model that a method names."""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from explanations import services
from explanations.exchange import Answer, Prompt, Unusable
from explanations.models import Method
from explanations.tasks.stopping import abandonable

if TYPE_CHECKING:
    from explanations.backends.openai_client import OpenAIBackend

_loading = threading.Lock()


def ask(method: Method, prompts: Sequence[Prompt]) -> list[Answer | Unusable]:
    """Return an answer or a failure for each prompt, in order."""
    if not prompts:
        return []
    with _loading:
        backend = _backend(str(method.config.get("model") or settings.LLM_MODEL))
    return abandonable(lambda: list(backend.complete(prompts)))


@lru_cache(maxsize=4)
def _backend(model: str) -> "OpenAIBackend":
    from explanations.backends.openai_client import OpenAIBackend

    if not (settings.OPENAI_BASE_URL or settings.OPENAI_API_KEY):
        raise LookupError("no language model: set OPENAI_API_KEY, or OPENAI_BASE_URL, for workers")
    return OpenAIBackend(
        base_url=settings.OPENAI_BASE_URL,
        api_key=settings.OPENAI_API_KEY,
        model=model,
        concurrency=settings.LLM_CONCURRENCY,
    )


def cost_of(answers: Sequence[Answer | Unusable]) -> services.Cost:
    """Return what the answers took together."""
    given = [answer for answer in answers if isinstance(answer, Answer)]
    return services.Cost(
        tokens_in=sum(answer.tokens_in for answer in given),
        tokens_out=sum(answer.tokens_out for answer in given),
        seconds=sum(answer.seconds for answer in given),
    )
