"""Value objects of activation data: excerpts, scales, splits. Pure: numpy and the library."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

BLOCK = 8
"""Records begin at multiples of this many tokens, and only a shorter document's has fewer."""


class Scale(StrEnum):
    """The unit of an activation. Two scales never mix: functions that take both refuse."""

    RAW = "raw"
    ZERO_TO_TEN = "zero_to_ten"


class Split(StrEnum):
    """What a record is for. A document, and so each of its records, is in exactly one."""

    EXPLAIN = "explain"
    SELECT = "select"
    SCORE = "score"


class AuthorKind(StrEnum):
    """Who wrote an explanation: a person, a language model, a plain program, a control."""

    HUMAN = "human"
    MODEL = "model"
    BASELINE = "baseline"
    CONTROL = "control"


class RecordKind(StrEnum):
    """Why a record was kept: a high or a low peak, a draw from a quarter of the peaks, a draw."""

    TOP = "top"
    QUANTILE = "quantile"
    RANDOM = "random"
    BOTTOM = "bottom"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class NeuronRef:
    """One unit of a subject: layers and indices count from 0."""

    layer: int
    index: int

    def __str__(self) -> str:
        return f"L{self.layer}/{self.index}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenActivations:
    """One excerpt's tokens with one value for each, on a stated scale.

    `tokens` are pieces of the text as it was written: joined, they give the excerpt back.
    `activations` is float32 of shape (len(tokens),), finite.
    """

    tokens: tuple[str, ...]
    activations: NDArray[np.float32]
    scale: Scale

    def __post_init__(self) -> None:
        if self.activations.shape != (len(self.tokens),):
            raise ValueError(
                f"{len(self.tokens)} tokens but activations of shape {self.activations.shape}"
            )
        if not np.isfinite(self.activations).all():
            raise ValueError("activations must be finite")

    @property
    def text(self) -> str:
        """The excerpt as it was written."""
        return "".join(self.tokens)

    @property
    def peak(self) -> float:
        """The highest value; 0 for an excerpt without tokens."""
        return float(self.activations.max(initial=0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMean:
    """A token as it is written, a neuron's mean raw activation on it, and how often it came."""

    token: str
    mean: float
    count: int


def to_zero_to_ten(activations: ArrayLike, maximum: float) -> NDArray[np.int64]:
    """Put raw activations on the scale people read: min(10, floor(10 * relu(x) / maximum)).

    All 0 where `maximum` <= 0: the neuron never fired. Same shape as `activations`.
    Source: Bills et al. (2023), "Language models can explain neurons in language models".
    """
    values = np.maximum(np.asarray(activations, dtype=np.float64), 0.0)
    if not np.isfinite(values).all():
        raise ValueError("activations must be finite")
    if maximum <= 0:
        return np.zeros(values.shape, dtype=np.int64)
    return np.minimum(10, np.floor(10 * values / maximum)).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a person reads as one word or mark: the tokens from `start` up to `stop`."""

    text: str
    start: int
    stop: int

    @property
    def is_mark(self) -> bool:
        """Whether it is punctuation or a symbol rather than letters and digits."""
        return not any(character.isalnum() for character in self.text)


# Letters and digits with apostrophes inside, or one mark alone.
_WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s]")


def word_texts(text: str) -> list[str]:
    """Split a text into its words and marks, as `words` does."""
    return _WORD.findall(text)


def words(tokens: Sequence[str]) -> tuple[Word, ...]:
    """Join word pieces to words, in order.

    A token belongs to the word that holds its first character which is not white space, so a token
    is in at most one word (in none if it is white space) and a word's tokens are neighbours.
    """
    spans = list(_WORD.finditer("".join(tokens)))
    owned: dict[int, list[int]] = {}
    at, offset = 0, 0
    for index, token in enumerate(tokens):
        first = offset + len(token) - len(token.lstrip())
        offset += len(token)
        while at < len(spans) and spans[at].end() <= first:
            at += 1
        if token.strip() and at < len(spans):
            owned.setdefault(at, []).append(index)
    return tuple(
        Word(text=spans[span].group(), start=indices[0], stop=indices[-1] + 1)
        for span, indices in owned.items()
    )


# Half of the text explains; what is scored must be large enough for a stable correlation.
_EXPLAIN_SHARE, _SELECT_SHARE = 0.50, 0.15


def deal(document: str, seed: int) -> Split:
    """Return the split of a document: half explain, .15 select, .35 score, decided by its key.

    The same key and seed give the same split whatever else the corpus holds and in any order.
    """
    digest = hashlib.sha256(f"{seed}:{document}".encode()).digest()
    position = int.from_bytes(digest[:8], "big") / 2**64
    if position < _EXPLAIN_SHARE:
        return Split.EXPLAIN
    return Split.SELECT if position < _EXPLAIN_SHARE + _SELECT_SHARE else Split.SCORE


def seeded_hash(seed: int, *parts: str | int) -> int:
    """Return a number in [0, 2**64) that depends on the seed and on every part and its place."""
    text = "\x1f".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


_CHARACTERS_A_TOKEN = 8


def limited(documents: Iterable[tuple[str, str]], tokens: int | None) -> Iterator[tuple[str, str]]:
    """Yield (key, text) documents until they surely hold so many tokens, or all without a limit.

    That is at eight characters a token, twice what English takes: so a huge text that is read only
    in part needs no more than that part to be planned.
    """
    left = float("inf") if tokens is None else _CHARACTERS_A_TOKEN * tokens
    for key, text in documents:
        yield key, text
        left -= len(text)
        if left <= 0:
            return


def corpus_digest(documents: Iterable[tuple[str, str]]) -> str:
    """Return the SHA-256 of (key, text) documents in their order, in hexadecimal."""
    digest = hashlib.sha256()
    for key, text in documents:
        digest.update(document_bytes(key, text))
    return digest.hexdigest()


def document_bytes(key: str, text: str) -> bytes:
    """Return what a corpus's digest is fed for one document: no two documents give the same."""
    parts = key.encode(), text.encode()
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def slices(tokens: int, window: int) -> list[tuple[int, int]]:
    """Cut a document of so many tokens into consecutive records: (start, stop) of each.

    `window` is a multiple of 8. Each record has `window` tokens; the last has what is left. Where
    that is under 8, the last two share their tokens evenly, to a multiple of 8: none is a stub
    unless `window` is 8 itself.
    """
    starts = list(range(0, tokens, window))
    if len(starts) > 1 and (left := tokens - starts[-1]) < BLOCK:
        starts[-1] = starts[-2] + max(BLOCK, (window + left) // (2 * BLOCK) * BLOCK)
    return list(pairwise([*starts, tokens])) if tokens else []


def packed(values: NDArray[np.floating]) -> bytes:
    """Return an array as database columns hold it: float32, little-endian."""
    return np.ascontiguousarray(values, dtype="<f4").tobytes()


def unpacked(column: bytes | memoryview | None) -> NDArray[np.float32]:
    """Return a column's array, empty for None."""
    return np.frombuffer(column or b"", dtype="<f4")
