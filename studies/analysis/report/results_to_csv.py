"""Results as tables: every estimate, and every list in them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Place: TypeAlias = tuple[str | int, ...]

ESTIMATES = "estimates"
SUMMARY = "summary"
_ESTIMATE = {"value", "low", "high", "se", "method", "reason"}


def flat_tables(results: Mapping[str, Any]) -> dict[str, list[Row]]:
    """Return results, ready for JSON, as tables by name.

    `summary` holds single values, `estimates` every value with its interval under its dotted
    place. A list of records is a table under its place without numbers, whose first columns say
    which of the lists around it, from 0, a row belongs to; its last column `row` counts within it.
    """
    tables = defaultdict[str, list[Row]](list)
    for place, estimate in _estimates(results, ()):
        tables[ESTIMATES].append({"place": ".".join(map(str, place)), **estimate})
    tables[SUMMARY] = [{"name": name, "value": value} for name, value in _leaves(results)]
    for place, record in _records(results, ()):
        names = [each for each in place if isinstance(each, str)]
        tables[".".join(names)].append({**_numbered(place), **dict(_leaves(record))})
    return dict(tables)


def columns(rows: list[Row]) -> tuple[str, ...]:
    """Return the names that rows have, as they first appear."""
    return tuple(dict.fromkeys(name for row in rows for name in row))


def _numbered(place: Place) -> Row:
    """Return the numbers of a place, each under the name before it; the last one is the row's."""
    *around, row = [(str(place[i - 1]), n) for i, n in enumerate(place) if isinstance(n, int)]
    return {**dict(around), "row": row[1]}


def _estimates(value: Any, place: Place) -> Iterator[tuple[Place, Row]]:
    if isinstance(value, Mapping) and value.keys() >= _ESTIMATE:
        yield place, dict(value)
        return
    for name, each in _inside(value):
        yield from _estimates(each, (*place, name))


def _records(value: Any, place: Place) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    for name, each in _inside(value):
        inner = (*place, name)
        if isinstance(name, int) and isinstance(each, Mapping):
            yield inner, each
        yield from _records(each, inner)


def _inside(value: Any) -> Iterator[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)


def _leaves(record: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{before}{name}.")
        elif not (isinstance(value, list) and any(isinstance(each, Mapping) for each in value)):
            yield f"{before}{name}", value
