"""A corpus as JSON Lines: `{"id": ..., "text": ...}` a document; other fields are ignored."""

import json
from collections.abc import Iterator
from pathlib import Path


class TextError(ValueError):
    """A line that is no document; the message names the file, the line and the field."""


def documents(path: str | Path) -> Iterator[tuple[str, str]]:
    """Yield (key, text) of each line; blank lines are skipped. Raises `TextError` and `OSError`."""
    seen: set[str] = set()
    with Path(path).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            where = f"{path}, line {number}"
            key, text = _document(line, where)
            if key in seen:
                raise TextError(f"{where}, id: {key!r} stands on an earlier line too")
            seen.add(key)
            yield key, text


def _document(line: str, where: str) -> tuple[str, str]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise TextError(f"{where}: no JSON ({error})") from error
    if not isinstance(row, dict):
        raise TextError(f"{where}: not an object with id and text")
    key, text = row.get("id"), row.get("text")
    if not isinstance(key, str | int) or isinstance(key, bool) or not str(key):
        raise TextError(f"{where}, id: expected a text or a whole number")
    if len(str(key)) > 200:
        raise TextError(f"{where}, id: longer than 200 characters")
    if not isinstance(text, str) or not text.strip():
        raise TextError(f"{where}, text: expected a text that is not blank")
    return str(key), text
