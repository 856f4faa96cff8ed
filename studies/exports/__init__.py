"""A study as tables to take elsewhere: unblinded, raters under pseudonyms, piece by piece."""

from studies.exports.archive import archive
from studies.exports.formats import CONTENT_TYPES, FORMS, FormMissing, installed_forms
from studies.exports.results import snapshot
from studies.exports.tables import TABLES, pieces
from studies.selectors.pseudonyms import pseudonym

__all__ = [
    "CONTENT_TYPES",
    "FORMS",
    "TABLES",
    "FormMissing",
    "archive",
    "installed_forms",
    "pieces",
    "pseudonym",
    "snapshot",
]
