"""Asking the language model that a method names.

A name is a server's, or `local:` and a folder or hub id, for a model that this worker loads itself.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from django.conf import settings

from explanations import services
from explanations.dialogue import LOCAL, Ask, Foreseen, Read
from explanations.exchange import Answer, Unusable
from explanations.models import Method
from explanations.tasks.serving.asked import Asked, Served
from explanations.tasks.stopping import patience

if TYPE_CHECKING:
    from explanations.backends.base import Backend

_loading = threading.Lock()


def answered(method: Method, asked: Sequence[Asked]) -> list[Served]:
    """Return each request's answers and failures; all questions are asked at once."""
    questions = [each.request.prompts for each in asked if isinstance(each.request, Ask)]
    prompts = [prompt for few in questions for prompt in few]
    return _dealt(backend_of(method).complete(prompts, check=patience()), questions)


def foreseen(method: Method, asked: Sequence[Asked]) -> list[Served]:
    """Return what was foreseen in each request's passages; all are read at once."""
    texts = [each.request.passages for each in asked if isinstance(each.request, Read)]
    passages = [passage for few in texts for passage in few]
    return _dealt(backend_of(method).read(passages, check=patience()), texts)


def abilities(method: Method, asked: Sequence[Asked]) -> list[Served]:
    """Return what the language model can do."""
    found = backend_of(method).abilities()
    return [Served(reply=found) for _ in asked]


def backend_of(method: Method) -> "Backend":
    """Return the language model that a method names, loaded once in a process."""
    with _loading:
        return _backend(str(method.config.get("model") or settings.LLM_MODEL))


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


def _dealt(
    outcomes: Sequence[Answer | Foreseen | Unusable], asked: Sequence[Sequence[object]]
) -> list[Served]:
    """Deal outcomes out to the requests that they are of."""
    left = iter(outcomes)
    replies = [tuple(islice(left, len(few))) for few in asked]
    return [Served(reply=reply, cost=cost_of(reply)) for reply in replies]


def cost_of(outcomes: Sequence[Answer | Foreseen | Unusable]) -> services.Cost:
    """Return what outcomes took; one that is of no use was paid for too."""
    return services.Cost(
        tokens_in=sum(each.tokens_in for each in outcomes),
        tokens_out=sum(0 if isinstance(each, Foreseen) else each.tokens_out for each in outcomes),
        seconds=sum(each.seconds for each in outcomes),
    )
