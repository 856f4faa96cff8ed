"""Scorers: one module each, registered here by name."""

from explanations.scorers import (
    ablation,
    correlation,
    detection,
    embedding,
    fuzzing,
    generation,
    intervention,
    intruder,
    predict_function,
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
        predict_function.SCORER,
        program.SCORER,
    )
}

__all__ = ["SCORERS", "RestsOn", "Scorer"]
