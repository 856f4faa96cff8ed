"""A corpus as documents, whatever it comes as: docs/corpora.md says what can be read, and how."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from explanations.corpora import tables
from explanations.corpora.keys import Keys
from explanations.corpora.sources import PARQUET, PLAIN, File, Source, TextError, files, source
from explanations.stores.paths import local

__all__ = ["TextError", "documents", "name_of", "where"]

LONGEST_KEY = 200


def documents(named: str | Path) -> Iterator[tuple[str, str]]:
    """Yield (key, text) of each document of a file, a folder, a URL or a data set (`hf:NAME`).

    `?text=COLUMN&id=COLUMN` behind the name chooses columns. Documents stream: of those before only
    a few bytes of each given key are held, to see that none is given twice. No text is blank, and a
    key has at most 200 characters. Raises `TextError` and `OSError`.
    """
    what = source(named)
    try:
        yield from _documents(what, Keys())
    except (TextError, OSError):
        raise
    except Exception as error:
        if not what.hub and local(what.place):
            raise
        # Every kind of storage has errors of its own: no credentials, no route, no such bucket.
        raise TextError(f"{named}: {error}") from error


def where(named: str | Path) -> str:
    """Return a source named so that a worker in another folder finds it: local paths absolute."""
    return source(named).where


def name_of(named: str | Path) -> str:
    """Return what to call a source: the file's, folder's or data set's name."""
    return source(named).name


def _documents(what: Source, given: Keys) -> Iterator[tuple[str, str]]:
    if what.hub:
        yield from _rows(tables.dataset(what), what.name, "row", what, given)
        return
    for file in files(what.place):
        yield from _file(file, what, given)


def _file(file: File, what: Source, given: Keys) -> Iterator[tuple[str, str]]:
    if file.suffix in PLAIN:
        return _plain(file)
    if file.suffix in PARQUET:
        return _rows(tables.parquet(file, what), file.name, "row", what, given)
    return _rows(_json_lines(file), file.name, "line", what, given)


def _plain(file: File) -> Iterator[tuple[str, str]]:
    """Yield a text file: what blank lines divide where it stands alone, else all as one."""
    blocks = _blocks(file) if file.alone else _whole(file)
    for key, text in blocks:
        yield _short(key, file.name), text


def _whole(file: File) -> Iterator[tuple[str, str]]:
    text = "".join(line for _, line in _lines(file))
    if not text.isspace() and text:
        yield file.name, text


def _blocks(file: File) -> Iterator[tuple[str, str]]:
    """Yield what stands between blank lines; its key is the file and the line it begins on."""
    block: list[str] = []
    start = 0
    for number, line in _lines(file):
        if line.strip():
            start = start if block else number
            block.append(line)
        elif block:
            yield f"{file.name}:{start}", "".join(block).rstrip()
            block = []
    if block:
        yield f"{file.name}:{start}", "".join(block).rstrip()


def _json_lines(file: File) -> Iterator[tables.Row]:
    for number, line in _lines(file):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise TextError(f"{file.name}, line {number}: no JSON ({error})") from error
        if not isinstance(row, dict):
            raise TextError(f"{file.name}, line {number}: not an object with id and text")
        yield number, row


def _lines(file: File) -> Iterator[tuple[int, str]]:
    """Yield each line with its end, as UTF-8 without a byte order mark, and its number from 1."""
    with file.open() as handle:
        for number, line in enumerate(handle, start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise TextError(f"{file.name}, line {number}: not UTF-8 ({error})") from error
            yield number, text.replace("\r\n", "\n")


def _rows(
    rows: Iterator[tables.Row], place: str, unit: str, what: Source, given: Keys
) -> Iterator[tuple[str, str]]:
    """Yield the rows' documents. All have a given key if the first has; else their place is it."""
    column = what.id
    for position, (number, row) in enumerate(rows):
        if position == 0 and not column and "id" in row:
            column = "id"
        at = f"{place}, {unit} {number}"
        key = _key(row.get(column), f"{at}, {column}") if column else f"{place}:{number}"
        key = _short(key, f"{at}, {column or 'name'}")
        text = row.get(what.text)
        if not isinstance(text, str) or not text.strip():
            raise TextError(f"{at}, {what.text}: expected a text that is not blank")
        if column and not given.add(key):
            raise TextError(f"{at}, {column}: {key!r} stands on an earlier {unit} too")
        yield key, text


def _key(value: Any, at: str) -> str:
    if not isinstance(value, str | int) or isinstance(value, bool) or not str(value):
        raise TextError(f"{at}: expected a text or a whole number")
    return str(value)


def _short(key: str, at: str) -> str:
    if len(key) > LONGEST_KEY:
        raise TextError(f"{at}: longer than {LONGEST_KEY} characters")
    return key
