"""From texts to batches: tokens, the pieces of text they stand for, and padding."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from explanations.subjects.base import Batch, SubjectError


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizedText:
    """One text's own tokens, without special ones: their numbers, and their pieces of the text."""

    place: int
    ids: tuple[int, ...]
    pieces: tuple[str, ...]
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextTokenizer:
    """How a subject reads a text: the special tokens around it, and the most it takes at once."""

    backend: Any  # a tokenizers.Tokenizer
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    limit: int

    def batches(
        self, texts: Sequence[str], *, budget: int, device: torch.device
    ) -> Iterator[Batch]:
        """Yield batches of at most `budget` tokens, or of one text, shortest texts first.

        A text without tokens is in no batch. A text beyond the limit is cut, and said to be.
        """
        coded = sorted((c for c in self.encode(texts) if c.ids), key=lambda c: len(c.ids))
        specials = len(self.prefix) + len(self.suffix)
        for group in grouped(coded, budget=budget, specials=specials):
            yield self._batch(group, device)

    def encode(self, texts: Sequence[str]) -> list[TokenizedText]:
        """Return each text's own tokens."""
        room = self.limit - len(self.prefix) - len(self.suffix)
        return [
            TokenizedText(
                place=place,
                ids=tuple(encoding.ids[:room]),
                pieces=cut(text, [end for _, end in encoding.offsets], room),
                truncated=len(encoding.ids) > room,
            )
            for place, (text, encoding) in enumerate(
                zip(texts, self.backend.encode_batch(texts, add_special_tokens=False), strict=True)
            )
        ]

    def _batch(self, group: Sequence[TokenizedText], device: torch.device) -> Batch:
        rows = [(*self.prefix, *coded.ids, *self.suffix) for coded in group]
        longest = max(map(len, rows))
        ids = torch.tensor([row + (0,) * (longest - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
        return Batch(
            texts=tuple(coded.place for coded in group),
            ids=ids.to(device),
            mask=mask.to(device),
            first=len(self.prefix),
            lengths=tuple(len(coded.ids) for coded in group),
            pieces=tuple(coded.pieces for coded in group),
            truncated=tuple(coded.truncated for coded in group),
        )


def text_tokenizer(
    tokenizer: PreTrainedTokenizerBase, *, causal: bool, positions: int, limit: int | None
) -> TextTokenizer:
    """Return how a family reads: BOS first where there is one, or [CLS] before and [SEP] after.

    The text in between is always coded as it stands, and cut at the shortest of the limits.
    """
    if not tokenizer.is_fast:
        raise SubjectError(
            f"{tokenizer.name_or_path} has no fast tokenizer, so tokens cannot be placed in the "
            "text: save it with a tokenizer.json"
        )
    backend: Any = getattr(tokenizer, "backend_tokenizer")  # noqa: B009
    backend.no_truncation()
    backend.no_padding()
    before = tokenizer.bos_token_id if causal else tokenizer.cls_token_id
    after = None if causal else tokenizer.sep_token_id
    longest = min(positions, tokenizer.model_max_length, limit or positions)
    return TextTokenizer(
        backend=backend, prefix=_tokens(before), suffix=_tokens(after), limit=longest
    )


def cut(text: str, ends: Sequence[int], room: int) -> tuple[str, ...]:
    """Cut a text after the tokens that end at `ends`; keep the first `room` pieces.

    A piece begins where the one before ended, so it holds the space before its token, and a token
    in the middle of a character is empty. All pieces joined are the text, to its last character.
    """
    bounds = [0]
    for end in ends:
        bounds.append(max(bounds[-1], end))
    bounds[-1] = len(text)
    return tuple(text[a:b] for a, b in pairwise(bounds[: room + 1]))


def grouped(
    coded: Sequence[TokenizedText], *, budget: int, specials: int
) -> Iterator[list[TokenizedText]]:
    """Group texts, shortest first, so that none padded to its longest exceeds the budget."""
    group: list[TokenizedText] = []
    for text in coded:
        if group and (len(group) + 1) * (len(text.ids) + specials) > budget:
            yield group
            group = []
        group.append(text)
    if group:
        yield group


def _tokens(number: object) -> tuple[int, ...]:
    return (number,) if isinstance(number, int) else ()
