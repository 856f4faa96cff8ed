"""The tables of an export by name, and their description."""

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
    """Return a table's columns, with personal data if `identified`."""
    chosen = TABLES[table]
    return (*chosen.columns, *chosen.identifying) if identified else chosen.columns


def described(level: str, *, identified: bool = False) -> str:
    """Return a description of all tables in Markdown, under headings of that level."""
    return "\n\n".join(
        f"{level} {name}\n\n{table.about}\n\n| column | meaning |\n|---|---|\n"
        + "\n".join(
            f"| `{column.name}` | {column.meaning} |"
            for column in columns_of(name, identified=identified)
        )
        for name, table in TABLES.items()
    )


def pieces(study: Study, table: str, format: str, *, identified: bool = False) -> Iterator[bytes]:
    """Yield a table piece by piece, all from one snapshot, with personal data if `identified`.

    KeyError if there is no such table or format; `FormatMissing` if it is not installed.
    """
    columns = columns_of(table, identified=identified)
    write = FORMATS[format]
    return _in_snapshot(write(columns, TABLES[table].rows(study)))


def _in_snapshot(rows: Iterator[bytes]) -> Iterator[bytes]:
    with snapshot():
        yield from rows
