"""Arrays in a safetensors file, mapped into memory: what is looked at is read, nothing else."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from fsspec.implementations.local import LocalFileSystem
from numpy.typing import NDArray

from explanations.corpora.sources import File, TextError

_TYPES = {
    **{"U8": "u1", "U16": "<u2", "U32": "<u4", "U64": "<u8"},
    **{"I8": "i1", "I16": "<i2", "I32": "<i4", "I64": "<i8"},
    **{"F16": "<f2", "F32": "<f4", "F64": "<f8"},
}
_LONGEST_HEADER = 2**27


@contextmanager
def mapped(file: File) -> Iterator[dict[str, NDArray[Any]]]:
    """Open a file's arrays by name; one from elsewhere is copied to this machine meanwhile.

    Raises `TextError` where it is no safetensors file, or is cut short.
    """
    if isinstance(file.system, LocalFileSystem):
        yield _arrays(Path(file.path), file.name)
        return
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        copy = Path(folder, "copy.safetensors")
        file.system.get_file(file.path, str(copy))
        yield _arrays(copy, file.name)


def _arrays(path: Path, name: str) -> dict[str, NDArray[Any]]:
    try:
        with path.open("rb") as handle:
            length = int.from_bytes(handle.read(8), "little")
            header = json.loads(handle.read(min(length, _LONGEST_HEADER)))
        header.pop("__metadata__", None)
        return {key: _array(path, 8 + length, said) for key, said in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TextError(f"{name}: no safetensors file, or cut short ({error!r:.150})") from error


def _array(path: Path, begin: int, said: dict[str, Any]) -> NDArray[Any]:
    shape, (first, last) = tuple(said["shape"]), said["data_offsets"]
    kind = np.dtype(_TYPES[said["dtype"]])
    if last - first != prod(shape) * kind.itemsize:
        raise ValueError(f"{shape} does not fill {last - first} bytes")
    if not prod(shape):
        return np.zeros(shape, kind)
    return np.memmap(path, dtype=kind, mode="r", offset=begin + first, shape=shape)
