"""The analysis of each protocol, by the protocol's name: one package each."""

from typing import Any

from studies.analysis.protocols import choose, compare, mark, rank, rate, simulate, write
from studies.analysis.protocols.base import ProtocolAnalysis

PROTOCOLS: dict[str, ProtocolAnalysis[Any]] = {
    each.ANALYSIS.name: each.ANALYSIS
    for each in (compare, rate, rank, choose, mark, simulate, write)
}
