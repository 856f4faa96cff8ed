"""How answers of each form are analysed, one module each; comparisons have an analysis apart."""

from typing import Any

from studies.analysis.protocols.base import Form
from studies.analysis.protocols.choose import report as choose_shown
from studies.analysis.protocols.mark import report as mark_shown
from studies.analysis.protocols.rank import report as rank_shown
from studies.analysis.protocols.rate import report as rate_shown
from studies.analysis.protocols.simulate import report as simulate_shown
from studies.analysis.protocols.write import report as write_shown

FORMS: dict[str, Form[Any]] = {
    "rate": rate_shown.FORM,
    "rank": rank_shown.FORM,
    "choose": choose_shown.FORM,
    "mark": mark_shown.FORM,
    "simulate": simulate_shown.FORM,
    "write": write_shown.FORM,
}
