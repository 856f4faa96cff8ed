"""Text put together from tokens while they are generated."""

from typing import Any

from explanations.methods.values import GeneratedToken

# What a tokenizer gives for bytes that are not a whole character yet.
_BROKEN = "\ufffd"
_LONGEST = 4  # bytes of a character


class Detokenizer:
    """One answer. It ends with one of the model's end tokens, or where `stop` occurs."""

    def __init__(self, tokenizer: Any, stop: str) -> None:
        self.tokens: list[GeneratedToken] = []
        self.text = ""
        self.written = 0
        self.ended = False
        self._tokenizer = tokenizer
        self._stop = stop
        self._before: list[int] = []  # the last token that ended a character
        self._parts: list[int] = []

    def add(self, token: int, logprobs: dict[int, float]) -> None:
        """Add the next token, with the log probabilities of its alternatives."""
        self.written += 1
        self._parts.append(token)
        text = self._decoded([*self._before, *self._parts])[len(self._decoded(self._before)) :]
        if text.endswith(_BROKEN) and len(self._parts) < _LONGEST:
            return
        self._before, self._parts = [token], []
        by_text: dict[str, float] = {}
        for each, logprob in logprobs.items():
            by_text.setdefault(self._decoded([each]), logprob)
        self.tokens.append(GeneratedToken(text=text, logprobs=by_text))
        self.text += text
        if self._stop and (end := self.text.find(self._stop)) >= 0:
            self.text = self.text[:end]
            self.ended = True

    def end(self) -> None:
        """Add one of the model's end tokens."""
        self.written += 1
        self.ended = True

    def _decoded(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        return text
