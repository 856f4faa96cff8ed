"""Scorers: one module each, registered here by name."""

from explanations.scorers import (
    ablation,
    correlation,
    detection,
    embedding,
    function_prediction,
    fuzzing,
    generation,
    intervention,
    intruder,
    program,
    surprisal,
)
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
        generation.SCORER,
        ablation.SCORER,
        intervention.SCORER,
        function_prediction.SCORER,
        program.SCORER,
    )
}

__all__ = ["SCORERS", "RestsOn", "Scorer"]
