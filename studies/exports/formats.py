"""The file formats of tables, written piece by piece."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Any, TypeAlias

from studies.analysis.report.spreadsheet import escaped
from studies.exports.columns import Column, Row

Writer: TypeAlias = Callable[[tuple[Column, ...], Iterator[Row]], Iterator[bytes]]

_PIECE = 500
_ROW_GROUP = 4000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FormatMissing(LookupError):
    """A format that this installation cannot write; the text says what to install."""


def to_csv(columns: tuple[Column, ...], rows: Iterator[Row]) -> Iterator[bytes]:
    """Yield a table as CSV with a header."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(column.name for column in columns)
    for piece in _pieces(rows):
        writer.writerows([_cell(row[column.name]) for column in columns] for row in piece)
        yield _taken(text)
    if text.tell():
        yield _taken(text)


def _pieces(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while piece := list(islice(rows, _PIECE)):
        yield piece


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece


def _cell(value: object) -> str:
    """Return a value as a cell; text that looks like a formula is prefixed with an apostrophe."""
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return as_json(value)
    return "" if value is None else _plain(value)


def to_jsonl(columns: tuple[Column, ...], rows: Iterator[Row]) -> Iterator[bytes]:
    """Yield a table as JSON Lines: one object a row."""
    for piece in _pieces(rows):
        lines = (as_json({column.name: row[column.name] for column in columns}) for row in piece)
        yield "".join(f"{line}\n" for line in lines).encode()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


as_json = partial(json.dumps, ensure_ascii=False, default=_plain)


class Sink(io.RawIOBase):
    """A file object that keeps only what was written since it was last emptied."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.place = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self.pieces.append(bytes(piece))
        self.place += len(self.pieces[-1])
        return len(self.pieces[-1])

    def tell(self) -> int:
        return self.place

    def emptied(self) -> bytes:
        taken, self.pieces = b"".join(self.pieces), []
        return taken


def to_parquet(columns: tuple[Column, ...], rows: Iterator[Row]) -> Iterator[bytes]:
    """Yield a table as Parquet, a row group at a time. `FormatMissing` without pyarrow."""
    arrow, parquet = _installed("pyarrow"), _installed("pyarrow.parquet")
    # Arrow's own allocators don't return freed memory; an export holds one row group at a time.
    arrow.set_memory_pool(arrow.system_memory_pool())
    schema = arrow.schema([(column.name, _type(arrow, column)) for column in columns])
    sink, pieces = Sink(), (_read(arrow, columns, piece).cast(schema) for piece in _pieces(rows))
    with parquet.ParquetWriter(sink, schema, compression="zstd") as writer:
        # Rows take several times as much memory in Python as in Arrow, so groups are built in
        # Arrow.
        while group := list(islice(pieces, _ROW_GROUP // _PIECE)):
            writer.write_table(arrow.concat_tables(group), row_group_size=_ROW_GROUP)
            yield sink.emptied()
    yield sink.emptied()


def _read(arrow: Any, columns: tuple[Column, ...], rows: list[Row]) -> Any:
    """Return rows as Arrow's JSON reader reads them: unlike its arrays it doesn't import pandas."""
    reader = _installed("pyarrow.json")
    lines = (
        as_json({each.name: _stored(row[each.name], each) for each in columns}) for row in rows
    )
    text = "\n".join(lines).encode()
    schema = arrow.schema(
        [
            (each.name, arrow.int64() if each.kind == "time" else _type(arrow, each))
            for each in columns
        ]
    )
    return reader.read_json(
        io.BytesIO(text),
        read_options=reader.ReadOptions(use_threads=False, block_size=len(text) + 1),
        parse_options=reader.ParseOptions(explicit_schema=schema),
    )


def _stored(value: Any, column: Column) -> Any:
    """Return a value as Parquet holds it: JSON as text, times in microseconds since 1970."""
    if value is None:
        return None
    if column.kind == "json":
        return as_json(value)
    return (value - _EPOCH) // timedelta(microseconds=1) if column.kind == "time" else value


def _type(arrow: Any, column: Column) -> Any:
    return {
        "text": arrow.string(),
        "json": arrow.string(),
        "whole": arrow.int64(),
        "number": arrow.float64(),
        "truth": arrow.bool_(),
        "time": arrow.timestamp("us", tz="UTC"),
    }[column.kind]


def _installed(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise FormatMissing(
            "Parquet needs pyarrow, which is not installed: pip install 'concordance[data]'"
        ) from error


FORMATS: dict[str, Writer] = {"csv": to_csv, "jsonl": to_jsonl, "parquet": to_parquet}
CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


def installed_formats() -> list[str]:
    """Return the formats that this installation can write."""
    return [name for name in FORMATS if name != "parquet" or find_spec("pyarrow")]
