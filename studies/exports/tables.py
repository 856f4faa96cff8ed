"""The tables of an export by name."""

from collections.abc import Iterator

from studies.exports.columns import Column, Table
from studies.exports.draws import DRAWS
from studies.exports.explanations import EXPLANATIONS, SCORES, SIMULATIONS
from studies.exports.formats import FORMATS
from studies.exports.judgments import ITEMS, JUDGMENTS, OPTIONS
from studies.exports.people import ADOPTIONS, RATERS
from studies.exports.records import RECORDS
from studies.exports.results import snapshot
from studies.models import Study

TABLES: dict[str, Table] = {
    "judgments": JUDGMENTS,
    "items": ITEMS,
    "options": OPTIONS,
    "raters": RATERS,
    "draws": DRAWS,
    "records": RECORDS,
    "explanations": EXPLANATIONS,
    "scores": SCORES,
    "simulations": SIMULATIONS,
    "adoptions": ADOPTIONS,
}


def columns_of(table: str, *, identified: bool = False) -> tuple[Column, ...]:
    """Return a table's columns, with those that say who raters are if asked for."""
    chosen = TABLES[table]
    return (*chosen.columns, *chosen.identifying) if identified else chosen.columns


def pieces(study: Study, table: str, format: str, *, identified: bool = False) -> Iterator[bytes]:
    """Yield a table piece by piece, all of one moment, with who raters are if asked for.

    KeyError: no such table or form. `FormatMissing`: see there.
    """
    columns = columns_of(table, identified=identified)
    return _of_one_moment(FORMATS[format](columns, TABLES[table].rows(study)))


def _of_one_moment(rows: Iterator[bytes]) -> Iterator[bytes]:
    with snapshot():
        yield from rows
