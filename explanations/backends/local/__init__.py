"""A causal language model that this process loads itself, on its GPU or its processor."""

import logging
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from explanations.backends.base import Callbacks
from explanations.backends.local.answers import Answers
from explanations.backends.local.loading import LocalModelError, load
from explanations.backends.local.log_likelihoods import LogLikelihoods
from explanations.backends.local.numbers import Numbers
from explanations.methods.requests import (
    Capabilities,
    ComputeLogLikelihoods,
    Generate,
    LanguageModelRequest,
    PredictNumbers,
)
from explanations.methods.values import Unusable

if TYPE_CHECKING:
    from explanations.backends.local.batches import Answerer

log = logging.getLogger(__name__)
Part = TypeVar("Part")
Result = TypeVar("Result")

__all__ = ["LocalBackend", "LocalModelError"]


class LocalBackend:
    """One model in transformers' format, by folder or hub id; see `Backend`.

    It answers through its chat template, or, where it has none, as the continuation of a plain
    transcript. An answer's seconds are its share of its batch's. It costs nothing, so `may_send` is
    not called. Raises `LocalModelError`.
    """

    def __init__(self, source: str, device: str | None = None) -> None:
        self.loaded = load(source, device)
        lock = Lock()
        self._numbers = Numbers(self.loaded, lock)
        self._answerers: dict[type[Any], Answerer[Any, Any]] = {
            Generate: Answers(self.loaded, lock),
            PredictNumbers: self._numbers,
            ComputeLogLikelihoods: LogLikelihoods(self.loaded, lock),
        }

    def capabilities(self) -> Capabilities:
        """Return what the model can do: all, with the numbers that its tokenizer keeps whole.

        Where `number_head` fails it generates text and computes log likelihoods only.
        """
        try:
            numbers = tuple(self._numbers.head.ids)
        except LocalModelError as error:
            log.warning("%s", error)
            return Capabilities(number_logprobs=False, log_likelihoods=True, logprobs=False)
        return Capabilities(
            number_logprobs=True, log_likelihoods=True, logprobs=True, numbers=numbers
        )

    def answer(
        self,
        request: LanguageModelRequest[Part, Result],
        callbacks: Callbacks = Callbacks(),  # noqa: B008
    ) -> tuple[Result | Unusable, ...]:
        """Return the outcome of each part in order; see `Backend`."""
        return self._answerers[type(request)].answer(request.parts, callbacks)
