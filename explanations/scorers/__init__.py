"""Scorers: one module each, registered here by name."""

from explanations.scorers import correlation
from explanations.scorers.base import RestsOn, Scorer

SCORERS: dict[str, Scorer] = {
    scorer.name: scorer
    for scorer in (
        correlation.CORRELATION,
        correlation.R_SQUARED,
        correlation.ABSOLUTE_DEVIATION_EXPLAINED,
    )
}

__all__ = ["SCORERS", "RestsOn", "Scorer"]
