"""The files of a store: what they are called, and how texts and windows lie in arrays. Pure."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

MANIFEST = "manifest.json"
STATE = "state.json"
"""What says that a checkpoint or a shard is complete, as a manifest says it of a store."""

WINDOWS = "windows.safetensors"
LOWEST, HIGHEST, STEPS = -10, 14, 4
"""A histogram's bins: `STEPS` for each power of 2 from 2**LOWEST to 2**HIGHEST, of both signs."""

BINS = 2 * (HIGHEST - LOWEST) * STEPS + 1
"""One more lies around 0; the outermost ones hold what is beyond as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A slice of a document: its first token's position, and its tokens as pieces of the text."""

    document: str
    start: int
    tokens: tuple[str, ...]


class WindowTable:
    """The windows that records show, by number."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.arrays = arrays
        self._keys = unpacked_texts("documents", arrays)
        self._text = arrays["text"].tobytes()

    @classmethod
    def pack(cls, windows: Iterable[Window]) -> dict[str, NDArray[Any]]:
        """Return the arrays that hold these windows in a file; each is looked at once."""
        keys: dict[str, int] = {}
        document, start, tokens, lengths = (array("q") for _ in range(4))
        text = bytearray()
        for window in windows:
            document.append(keys.setdefault(window.document, len(keys)))
            start.append(window.start)
            tokens.append(len(window.tokens))
            for piece in map(str.encode, window.tokens):
                lengths.append(len(piece))
                text += piece
        return {
            **packed_texts("documents", list(keys)),
            "document": np.array(document, np.int32),
            "start": np.array(start, np.int32),
            "tokens": _offsets(tokens),
            "pieces": _offsets(lengths),
            "text": _bytes(bytes(text)),
        }

    def __len__(self) -> int:
        return len(self.arrays["start"])

    def __iter__(self) -> Iterator[Window]:
        return (self[number] for number in range(len(self)))

    def array(self, name: str) -> NDArray[Any]:
        """Return an array that is stored beside the windows: which of them are random draws."""
        return self.arrays[name]

    def __getitem__(self, number: int) -> Window:
        """Return one window."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        first, last = self.arrays["tokens"][number : number + 2]
        bounds = self.arrays["pieces"][first : last + 1].tolist()
        return Window(
            document=self._keys[self.arrays["document"][number]],
            start=int(self.arrays["start"][number]),
            tokens=tuple(self._text[begin:end].decode() for begin, end in pairwise(bounds)),
        )


def layer_file(layer: int) -> str:
    """Return the name of a layer's file in a store."""
    return f"layer-{layer:03d}.safetensors"


def write_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> None:
    """Write named arrays to one file."""
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)
    path.chmod(0o644)


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the named arrays of one file."""
    return load_file(path)


def histogram_edges() -> NDArray[np.float64]:
    """Return where the bins of a histogram begin, and where the last one ends: [BINS + 1]."""
    steps = np.arange((HIGHEST - LOWEST) * STEPS + 1)
    above = 2.0 ** (LOWEST + steps // STEPS) * (1 + steps % STEPS / STEPS)
    return np.concatenate([-above[::-1], above])


def packed_texts(name: str, texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the arrays `name.text` and `name.bounds` that hold some texts."""
    encoded = [text.encode() for text in texts]
    return {
        f"{name}.text": _bytes(b"".join(encoded)),
        f"{name}.bounds": _offsets([len(text) for text in encoded]),
    }


def unpacked_texts(name: str, arrays: Mapping[str, NDArray[Any]]) -> list[str]:
    """Return the texts that were packed under a name."""
    text, bounds = arrays[f"{name}.text"].tobytes(), arrays[f"{name}.bounds"].tolist()
    return [text[begin:end].decode() for begin, end in pairwise(bounds)]


def _bytes(text: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(text, dtype=np.uint8)


def _offsets(lengths: Sequence[int]) -> NDArray[np.int64]:
    """Return where each of consecutive parts begins, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
