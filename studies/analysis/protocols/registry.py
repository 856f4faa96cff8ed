"""How answers of each form are analysed, one module each; comparisons have an analysis apart."""

from typing import Any

from studies.analysis.protocols.base import ProtocolAnalysis
from studies.analysis.protocols.choose import report as choose_report
from studies.analysis.protocols.mark import report as mark_report
from studies.analysis.protocols.rank import report as rank_report
from studies.analysis.protocols.rate import report as rate_report
from studies.analysis.protocols.simulate import report as simulate_report
from studies.analysis.protocols.write import report as write_report

PROTOCOLS: dict[str, ProtocolAnalysis[Any]] = {
    "rate": rate_report.ANALYSIS,
    "rank": rank_report.ANALYSIS,
    "choose": choose_report.ANALYSIS,
    "mark": mark_report.ANALYSIS,
    "simulate": simulate_report.ANALYSIS,
    "write": write_report.ANALYSIS,
}
