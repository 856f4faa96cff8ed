"""Asking the language model that a method names."""

import threading
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from django.conf import settings

from explanations import services
from explanations.dialogue import Abilities, Ask
from explanations.exchange import Answer, Unusable
from explanations.models import Method
from explanations.tasks.serving.asked import Asked, Served
from explanations.tasks.stopping import abandonable

if TYPE_CHECKING:
    from explanations.backends.openai_client import OpenAIBackend

_loading = threading.Lock()


def answered(method: Method, asked: Sequence[Asked]) -> list[Served]:
    """Return each request's answers and failures; all questions are asked at once."""
    questions = [each.request.prompts for each in asked if isinstance(each.request, Ask)]
    backend = _of(method)
    prompts = [prompt for few in questions for prompt in few]
    left = iter(abandonable(lambda: list(backend.complete(prompts))))
    replies = [tuple(islice(left, len(few))) for few in questions]
    return [Served(reply=reply, cost=_cost(reply)) for reply in replies]


def abilities(_method: Method, asked: Sequence[Asked]) -> list[Served]:
    """Return what the language model can do."""
    return [Served(reply=Abilities(reads=False, logprobs=True)) for _ in asked]


def _of(method: Method) -> "OpenAIBackend":
    with _loading:
        return _backend(str(method.config.get("model") or settings.LLM_MODEL))


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


def _cost(answers: Sequence[Answer | Unusable]) -> services.Cost:
    given = [answer for answer in answers if isinstance(answer, Answer)]
    return services.Cost(
        tokens_in=sum(answer.tokens_in for answer in given),
        tokens_out=sum(answer.tokens_out for answer in given),
        seconds=sum(answer.seconds for answer in given),
    )
