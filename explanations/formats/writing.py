"""What writers share: numbers with few digits, ids derived from their content, files of rows."""

import gzip
import json
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np


def shortest(values: Iterable[float]) -> list[float]:
    """Write numbers with the fewest digits that give the same float32 again."""
    exact = np.array(list(values), dtype=np.float32)
    short = np.array([float(str(value)) for value in exact], dtype=np.float64)
    result: list[float] = np.where(short.astype(np.float32) == exact, short, exact).tolist()
    return result


def json_text(value: Any) -> str:
    """Write a value as one line of JSON, without its end."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def made_id(*parts: object) -> str:
    """Return an identifier of 25 characters that is the same for the same parts."""
    return blake2b(json_text([*map(str, parts)]).encode(), digest_size=16).hexdigest()[:25]


class Rows:
    """A file of JSON lines that grows, packed where its name ends in .gz."""

    def __init__(self, path: Path) -> None:
        self._raw = path.open("wb")
        # Without a time and a name the same rows give the same bytes.
        packed = path.suffix == ".gz"
        self._file = gzip.GzipFile("", "wb", 6, self._raw, mtime=0) if packed else self._raw

    def __enter__(self) -> "Rows":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, row: Any) -> None:
        """Write one value as a line."""
        self.line(json_text(row))

    def line(self, text: str) -> None:
        """Write one line, given without its end."""
        self._file.write(text.encode() + b"\n")

    def close(self) -> None:
        """Finish the file."""
        self._file.close()
        self._raw.close()
