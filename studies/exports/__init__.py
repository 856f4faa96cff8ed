"""A study as tables to take elsewhere: unblinded, raters under pseudonyms, piece by piece."""

from studies.exports.archive import archive
from studies.exports.forms import CONTENT_TYPES, FORMS, FormMissing, installed_forms
from studies.exports.judged import pseudonym
from studies.exports.tables import TABLES, pieces

__all__ = [
    "CONTENT_TYPES",
    "FORMS",
    "TABLES",
    "FormMissing",
    "archive",
    "installed_forms",
    "pieces",
    "pseudonym",
]
