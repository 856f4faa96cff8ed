"""The files of a store: what they are called, and how texts and windows lie in arrays. Pure."""

import json
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from mmap import ACCESS_READ, mmap
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

_DTYPES = {
    **{"U8": "<u1", "U16": "<u2", "U32": "<u4", "U64": "<u8"},
    **{"I8": "<i1", "I16": "<i2", "I32": "<i4", "I64": "<i8"},
    **{"F16": "<f2", "F32": "<f4", "F64": "<f8"},
}
"""Number types as safetensors names them, and as numpy does."""


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
        bounds = self.arrays["pieces"][first : last + 1]
        return Window(
            document=packed_text("documents", self.arrays, int(self.arrays["document"][number])),
            start=int(self.arrays["start"][number]),
            tokens=tuple(_cut(self.arrays["text"], bounds)),
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


def mapped_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Return the named arrays of a safetensors file, mapped into memory: read-only, read when used.

    Raises `ValueError`, `KeyError`, `TypeError` or `AttributeError` for a file that is something
    else or is cut short.
    """
    with path.open("rb") as file:
        content = mmap(file.fileno(), 0, access=ACCESS_READ)
    begin = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:begin])
    header.pop("__metadata__", None)
    arrays = {}
    for name, about in header.items():
        dtype, (first, last) = np.dtype(_DTYPES[about["dtype"]]), about["data_offsets"]
        if last - first != prod(about["shape"]) * dtype.itemsize:
            raise ValueError(f"{about['shape']} does not fill {last - first} bytes")
        flat: NDArray[Any] = np.frombuffer(content, dtype, prod(about["shape"]), begin + first)
        arrays[name] = flat.reshape(about["shape"])
    return arrays


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
    return _cut(arrays[f"{name}.text"], arrays[f"{name}.bounds"])


def packed_text(name: str, arrays: Mapping[str, NDArray[Any]], number: int) -> str:
    """Return one of the texts that were packed under a name."""
    (text,) = _cut(arrays[f"{name}.text"], arrays[f"{name}.bounds"][number : number + 2])
    return text


def _cut(text: NDArray[np.uint8], bounds: NDArray[np.int64]) -> list[str]:
    """Return the texts between neighbouring bounds."""
    places = bounds.tolist()
    first = places[0]
    held = text[first : places[-1]].tobytes()
    return [held[begin - first : end - first].decode() for begin, end in pairwise(places)]


def _bytes(text: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(text, dtype=np.uint8)


def _offsets(lengths: Sequence[int]) -> NDArray[np.int64]:
    """Return where each of consecutive parts begins, and where the last one ends."""
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
