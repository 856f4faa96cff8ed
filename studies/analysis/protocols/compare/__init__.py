"""Two explanations compared: the first, the second, or a tie."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from annotation.protocols.compare import STRENGTHS, ComparePayload
from annotation.protocols.options import TIE
from studies.analysis.data.answers import ResponseRow
from studies.analysis.protocols.answer_context import AnswerContext
from studies.analysis.protocols.base import Answer, ProtocolAnalysis
from studies.analysis.protocols.compare import analyse, report
from studies.analysis.protocols.compare.columns import NO_STRENGTH
from studies.analysis.protocols.synthetic import Known, Synthetic, outcome


def read(answer: Mapping[str, Any], context: AnswerContext) -> Iterator[ResponseRow]:
    """Yield by how much each option was preferred: 0 for the other one, and for both in a tie."""
    by = float(answer.get("strength") or NO_STRENGTH)
    for option in context.options:
        yield option.row(by if answer["choice"] == option.key else 0.0)


def synthetic(payload: ComparePayload, order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    """Prefer the explanation of higher quality, about as often as the rater is accurate."""
    left, right = order
    nothing = float("nan")
    gap = known.quality.get(left, nothing) - known.quality.get(right, nothing)
    preferred = outcome(gap, by.behaviour, by.random, ties=not payload.forced_choice)
    choice = {1: left, -1: right, 0: TIE}[preferred]
    if not payload.strength or choice == TIE:
        return {"choice": choice}
    seen = 1 + 4 * (abs(gap) if gap == gap else 0.0) + float(by.random.normal(0, 0.5))
    return {"choice": choice, "strength": round(min(max(seen, 1.0), float(STRENGTHS)))}


ANALYSIS = ProtocolAnalysis(
    name="compare",
    read=read,
    analyse=analyse.analyse,
    agreement_input=analyse.agreement_input,
    report=report,
    design="compared {conditions}",
    declarable=(
        ("gap", "Agreement by score gap"),
        ("calibration", "Calibration"),
        ("scorers", "Agreement by scorer"),
        ("scatter", "Preference and score within neurons; both levels"),
        ("strength", "Agreement by strength of preference"),
        ("joint", "What each scorer adds to the others"),
        ("strata", "By layer and by quality of the explanations"),
        ("methods", "Win rates"),
        ("leaderboard", "Leaderboard"),
        ("wins", "Conditions against each other"),
        ("sides", "Position bias and ties by score gap"),
        ("parts", "Agreement by pair of conditions and by layer"),
        ("items", "Items on which raters agree least"),
        ("truth", "Raters compared with a single truth"),
    ),
    synthetic=synthetic,
    plans_pairs=True,
    plans_contrasts=True,
    headline_is_share=True,
)
