"""How answers of each form are analysed, one module each; comparisons have an analysis apart."""

from typing import Any

from studies.analysis.forms import (
    choose_shown,
    mark_shown,
    rank_shown,
    rate_shown,
    simulate_shown,
    write_shown,
)
from studies.analysis.forms.base import Form

FORMS: dict[str, Form[Any]] = {
    "rate": rate_shown.FORM,
    "rank": rank_shown.FORM,
    "choose": choose_shown.FORM,
    "mark": mark_shown.FORM,
    "simulate": simulate_shown.FORM,
    "write": write_shown.FORM,
}
