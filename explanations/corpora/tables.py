"""Rows of Parquet files and of Hugging Face data sets, as they stream by."""

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, TypeAlias

from explanations.corpora.sources import HUB, File, Source, TextError

Row: TypeAlias = tuple[int, Mapping[str, Any]]
"""A row's number, from 1, and its columns."""

_BATCH = 64


def parquet(file: File, source: Source) -> Iterator[Row]:
    """Yield a Parquet file's rows that have a text; a row group's columns are held at a time."""
    arrow, reader = _installed("pyarrow"), _installed("pyarrow.parquet")
    with file.open() as handle:
        try:
            table = reader.ParquetFile(handle)
            chosen = _columns(source, table.schema_arrow.names, file.name)
            batches = table.iter_batches(batch_size=_BATCH, columns=chosen)
            rows = (row for batch in batches for row in batch.to_pylist())
            yield from _with_text(rows, source)
        except arrow.ArrowException as error:
            raise TextError(f"{file.name}: no Parquet that can be read ({error})") from error


def dataset(source: Source) -> Iterator[Row]:
    """Yield a data set's rows that have a text, downloaded as they are needed.

    The name is the hub's or a local folder's. Raises `TextError` where there is no such data set,
    configuration, split or column.
    """
    library = _installed("datasets")
    try:
        found = library.load_dataset(
            source.place,
            source.config or None,
            split=source.split,
            revision=source.revision or None,
            streaming=True,
        )
        if found.column_names is not None:
            found = found.select_columns(_columns(source, found.column_names, source.place))
        yield from _with_text(found, source)
    except (ValueError, OSError, library.exceptions.DatasetsError) as error:
        if isinstance(error, TextError):
            raise
        raise TextError(f"{HUB}{source.place}: {error}") from error


def _with_text(rows: Iterable[Mapping[str, Any]], source: Source) -> Iterator[Row]:
    """Yield the rows that have a text, with their numbers: many published tables have gaps."""
    for number, row in enumerate(rows, start=1):
        text = row.get(source.text)
        if text is not None and text != "" and not (isinstance(text, str) and text.isspace()):
            yield number, row


def _columns(source: Source, names: list[str], where: str) -> list[str]:
    """Return the columns to read: the text's and, where it is chosen or there, the key's."""
    wanted = [source.text, *([source.id] if source.id else [])]
    for name in wanted:
        if name not in names:
            raise TextError(f"{where}: no column {name!r} among {', '.join(names)}")
    return wanted if source.id or "id" not in names else [*wanted, "id"]


def _installed(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise TextError(
            f"{module.partition('.')[0]} is not installed: pip install 'concordance[data]'"
        ) from error
