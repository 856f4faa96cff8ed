"""Arrays in a safetensors file of a source, mapped into memory: only what is used is read."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fsspec.implementations.local import LocalFileSystem
from numpy.typing import NDArray

from explanations.corpora.sources import File, TextError
from explanations.stores.layout import mapped_arrays


@contextmanager
def mapped(file: File) -> Iterator[dict[str, NDArray[Any]]]:
    """Open a file's arrays by name; a remote file is copied to this machine meanwhile.

    Raises `TextError` if it isn't a safetensors file, or is cut short.
    """
    with tempfile.TemporaryDirectory(prefix="import-") as folder:
        path = Path(file.path)
        if not isinstance(file.system, LocalFileSystem):
            path = Path(folder, "copy.safetensors")
            file.system.get_file(file.path, str(path))
        try:
            arrays = mapped_arrays(path)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            message = f"not a safetensors file, or cut short ({error!r:.150})"
            raise TextError(f"{file.name}: {message}") from error
        yield arrays
