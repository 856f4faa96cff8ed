"""A causal language model that this process loads itself, on its GPU or its processor."""

import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from threading import Lock

from explanations.backends.base import (
    Reading,
    Replied,
    Weighing,
    unhurried,
    unlimited,
    untold,
)
from explanations.backends.local.loading import LocalModelError, NumberHead, load, number_head
from explanations.backends.local.reading import Reader
from explanations.backends.local.weighing import Weigher
from explanations.backends.local.writing import Writer
from explanations.methods.requests import Abilities, Given, Passage
from explanations.methods.values import Prompt

log = logging.getLogger(__name__)

__all__ = ["LocalBackend", "LocalModelError"]


class LocalBackend:
    """One model in transformers' format, by folder or hub id; see `Backend`.

    It answers through its chat template, or, where it has none, as the continuation of a plain
    transcript. An answer's seconds are its share of its batch's. It costs nothing, so that `more`
    is not asked. Raises `LocalModelError`.
    """

    def __init__(self, source: str, device: str | None = None) -> None:
        self.loaded = load(source, device)
        lock = Lock()
        self._writer = Writer(self.loaded, lock)
        self._weigher = Weigher(self.loaded, lock)
        self._lock = lock

    def abilities(self) -> Abilities:
        """Return what the model can do: all, with the numbers that its tokenizer keeps whole.

        One for which `number_head` finds no way writes numbers and weighs texts, and no more.
        """
        try:
            return Abilities(reads=True, weighs=True, logprobs=True, numbers=tuple(self._head.ids))
        except LocalModelError as error:
            log.warning("%s", error)
            return Abilities(reads=False, weighs=True, logprobs=False)

    def complete(
        self,
        prompts: Sequence[Prompt],
        tell: Callable[[int, Replied], None] = untold,
        check: Callable[[], None] = unhurried,
        more: Callable[[], bool] = unlimited,
    ) -> list[Replied]:
        """Return an answer, or why there is none, for each prompt in order."""
        return self._writer.complete(prompts, tell, check)

    def read(
        self,
        passages: Sequence[Passage],
        tell: Callable[[int, Reading], None] = untold,
        check: Callable[[], None] = unhurried,
        more: Callable[[], bool] = unlimited,
    ) -> list[Reading]:
        """Return what is foreseen in each passage in order, over the numbers alone."""
        return self._reader.read(passages, tell, check)

    def weigh(
        self,
        texts: Sequence[Given],
        tell: Callable[[int, Weighing], None] = untold,
        check: Callable[[], None] = unhurried,
        more: Callable[[], bool] = unlimited,
    ) -> list[Weighing]:
        """Return how likely each text is after its prefix in order."""
        return self._weigher.weigh(texts, tell, check)

    @cached_property
    def _head(self) -> NumberHead:
        return number_head(self.loaded)

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.loaded, self._head, self._lock)
