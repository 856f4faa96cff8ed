"""Scorers: one module each, registered here by name."""

from explanations.scorers import correlation, detection, embedding, fuzzing, intruder, surprisal
from explanations.scorers.base import RestsOn, Scorer

SCORERS: dict[str, Scorer] = {
    scorer.name: scorer
    for scorer in (
        correlation.CORRELATION,
        correlation.R_SQUARED,
        correlation.ABSOLUTE_DEVIATION_EXPLAINED,
        detection.SCORER,
        fuzzing.SCORER,
        embedding.SCORER,
        surprisal.SCORER,
        intruder.SCORER,
    )
}

__all__ = ["SCORERS", "RestsOn", "Scorer"]
