"""Token numbers as pieces of text and back, by a tokenizer.json; no model and no torch.

A token stands for bytes. Joined pieces are the text: a character that several tokens share belongs
to the last of them. What of a window is no whole character is shown as U+FFFD, and so is NUL, which
no database keeps.
"""

import codecs
import json
import os
import re
from collections.abc import Sequence
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from explanations.formats.lines import FormatError

FILE = "tokenizer.json"
_BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_SPACE = "\u2581"


class Pieces:
    """What each number of a tokenizer stands for."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        decoder = json.loads(tokenizer.to_str())["decoder"]
        kinds = _kinds(decoder)
        self._coded = "ByteLevel" in kinds
        self._words = "WordPiece" in kinds
        self._special = {
            number: token.content for number, token in tokenizer.get_added_tokens_decoder().items()
        }
        size = tokenizer.get_vocab_size(with_added_tokens=True)
        numbers = (*range(size), *(number for number in self._special if number >= size))
        self._bytes = {number: self._of(number) for number in numbers}
        self._texts = {number: _text(raw) for number, raw in self._bytes.items()}
        self._numbers: dict[bytes, int] = {}
        # Of several tokens with the same bytes the first counts, and bytes spelled out come last.
        for number in sorted(self._bytes, key=lambda number: (not self._spelled(number), -number)):
            self._numbers[self._bytes[number]] = number

    def raw(self, numbers: Sequence[int]) -> list[bytes]:
        """Return each token's bytes; raises `FormatError` for a number that is no token."""
        try:
            return [self._bytes[number] for number in numbers]
        except KeyError as error:
            raise FormatError(f"the tokenizer has no token {error}: is it another's?") from error

    def texts(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """Return the piece of text of each of a window's tokens."""
        whole = [text for number in numbers if (text := self._texts.get(number)) is not None]
        if len(whole) == len(numbers):
            return tuple(whole)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        raw = self.raw(numbers)
        pieces = [_kept(decoder.decode(each)) for each in raw]
        if pieces:
            pieces[-1] += decoder.decode(b"", final=True)
        return tuple(pieces)

    def numbers(self, pieces: Sequence[str]) -> list[int] | None:
        """Return numbers whose pieces these are; None where the tokenizer has none.

        Tokenizers of SentencePiece's kind put a space before a text, which its first piece lacks
        wherever they show it: the token with the space is the one that was read.
        """
        coded: list[int] = self._tokenizer.encode("".join(pieces), add_special_tokens=False).ids
        if self.texts(coded) == tuple(pieces):
            return coded
        return self._joined(pieces) or (coded if self._spaced(coded) == tuple(pieces) else None)

    def _spaced(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """Return the pieces of tokens without the space before the first."""
        first, *others = self.texts(numbers) or ("",)
        return (first.removeprefix(" "), *others)

    def _joined(self, pieces: Sequence[str]) -> list[int] | None:
        """Return tokens found for each piece by itself."""
        found: list[int] = []
        shared = 0
        for piece in pieces:
            if not piece:
                shared += 1
                continue
            parts = self._parts(piece.encode(), shared + 1)
            if parts is None:
                return None
            found += parts
            shared = 0
        return found if self.texts(found) == tuple(pieces) else None

    def _parts(self, text: bytes, count: int) -> list[int] | None:
        """Return so many tokens that are these bytes together; None where there are none such."""
        for cuts in combinations(range(1, len(text)), count - 1):
            parts = [text[a:b] for a, b in pairwise((0, *cuts, len(text)))]
            found = [self._numbers[part] for part in parts if part in self._numbers]
            if len(found) == count:
                return found
        return None

    def _spelled(self, number: int) -> bool:
        return bool(_BYTE.fullmatch(self._tokenizer.id_to_token(number) or ""))

    def _of(self, number: int) -> bytes:
        token = self._special.get(number)
        if token is not None:
            return token.encode()
        token = self._tokenizer.id_to_token(number) or ""
        if self._coded:
            return bytes(_alphabet()[character] for character in token if character in _alphabet())
        if self._words:
            return (token[2:] if token.startswith("##") else f" {token}").encode()
        if byte := _BYTE.fullmatch(token):
            return bytes([int(byte[1], 16)])
        return token.replace(_SPACE, " ").encode()


def pieces(place: str) -> Pieces:
    """Load a tokenizer from its tokenizer.json or the folder that holds it."""
    path = Path(place, FILE) if os.path.isdir(place) else Path(place)
    if not path.is_file():
        raise FormatError(f"{path} is not there: name a tokenizer.json, or a folder that holds one")
    try:
        return Pieces(Tokenizer.from_file(str(path)))
    # The library raises no narrower error for a file that it cannot read.
    except Exception as error:
        raise FormatError(f"{path} is no tokenizer that can be read: {error}") from error


def _kept(text: str) -> str:
    return text.replace("\0", "\ufffd")


def _text(raw: bytes) -> str | None:
    """Return what bytes are alone; None where a character of them is not whole."""
    try:
        return _kept(raw.decode())
    except UnicodeDecodeError:
        return None


def _kinds(decoder: Any) -> set[str]:
    """Return the types of a decoder and of those within it."""
    if not isinstance(decoder, dict):
        return set()
    inner = [_kinds(each) for each in decoder.get("decoders", [])]
    return {decoder.get("type", "")}.union(*inner)


@cache
def _alphabet() -> dict[str, int]:
    """Return the byte of each character that byte-level tokens are written in.

    Printable bytes stand for themselves, the others for the characters from 256 on. Source: GPT-2.
    """
    plain = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {
        chr(256 + place): byte for place, byte in enumerate(others)
    }
