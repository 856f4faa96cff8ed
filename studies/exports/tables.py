"""The tables of an export by name."""

from collections.abc import Iterator

from studies.exports.columns import Table
from studies.exports.forms import FORMS
from studies.exports.judged import ITEMS, JUDGMENTS, OPTIONS, RATERS
from studies.exports.said import EXPLANATIONS, SCORES, SIMULATIONS
from studies.models import Study

TABLES: dict[str, Table] = {
    "judgments": JUDGMENTS,
    "items": ITEMS,
    "options": OPTIONS,
    "raters": RATERS,
    "explanations": EXPLANATIONS,
    "scores": SCORES,
    "simulations": SIMULATIONS,
}


def pieces(study: Study, table: str, form: str) -> Iterator[bytes]:
    """Yield a table piece by piece. KeyError: no such table or form. `FormMissing`: see there."""
    chosen = TABLES[table]
    return FORMS[form](chosen.columns, chosen.rows(study))
