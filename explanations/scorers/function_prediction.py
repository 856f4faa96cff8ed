"""A language model chooses a function's output out of three, knowing only its explanation.

For functions of numbers and strings (docs/ground-truth.md). A question is a held-out input with its
output and two outputs of other held-out inputs, in an order that the seed drew. The score is the
share of right choices; by chance it is 1/3. With `show_explanation` false the explanation is left
out: what is right then can be guessed from the input and the outputs alone, as in strings that
share letters, and a score should be read next to that one. Wrong numbers near the right one are not
offered.

Source of the idea: the evaluation of FIND, Schwettmann et al. (2023).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explanations.ground_truth.pairs import Pair, Value, pair_of, written
from explanations.methods.base import Settings
from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Evidence, Scored, Unusable
from explanations.records import seeded_hash
from explanations.scorers.base import RestsOn, Scorer
from explanations.scorers.multiple_choice import Question, Task, ask_questions, numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionPredictionSettings(Settings):
    """How many questions are asked, and whether they show the explanation."""

    questions: int = 20
    show_explanation: bool = True
    max_tokens: int = 200
    seed: int = 0


OPTIONS = 3
NO_FUNCTION = "its records are not inputs and outputs of a function"

MINIMUM_DISTANCE = 0.2
"""How far a wrong number is from the right one at least, in standard deviations of the outputs."""

SYSTEM = (
    f"A function was given an input. You are shown {OPTIONS} outputs, one of which is the "
    "function's output for this input. Answer with its number and nothing else."
)
# Made-up functions: what each does, an input, the outputs, the number of the right one.
EXAMPLES = (
    ("adds 7 to a number and halves the sum", "3", ("-1", "5", "8.5"), "2"),
    ("leaves out the last letter", "window", ("windo", "tabl", "WINDOW"), "1"),
)


def score(evidence: Evidence, settings: FunctionPredictionSettings) -> Dialogue[Scored | Unusable]:
    """Ask up to `questions` questions, one a prompt."""
    pairs = {each.record: pair_of(each.actual) for each in evidence.records}
    known = {record: pair for record, pair in pairs.items() if pair is not None}
    if not evidence.function or not known or len(known) < len(pairs):
        return Scored(value=None, n=0, reason=NO_FUNCTION)
    explanation = evidence.explanation if settings.show_explanation else ""
    questions = _questions(known, explanation, settings)
    if not questions:
        return Scored(value=None, n=0, reason=f"it takes {OPTIONS} inputs of different outputs")
    task = Task(
        system=SYSTEM,
        examples=tuple(
            (_text(about if explanation else "", given, outputs), right)
            for about, given, outputs, right in EXAMPLES
        ),
        labels=tuple(str(number) for number in range(1, OPTIONS + 1)),
    )
    return (yield from ask_questions(task, questions, max_tokens=settings.max_tokens))


def _questions(
    pairs: dict[int, Pair], explanation: str, settings: FunctionPredictionSettings
) -> list[Question]:
    drawn = sorted(
        pairs, key=lambda key: (seeded_hash(settings.seed, written(pairs[key].given)), key)
    )
    found = [_question(key, pairs, explanation, settings.seed) for key in drawn]
    return [each for each in found if each is not None][: settings.questions]


def _question(record: int, pairs: dict[int, Pair], explanation: str, seed: int) -> Question | None:
    """Return a question about a record's output; None where there are no two others to offer."""
    pair = pairs[record]
    least = MINIMUM_DISTANCE * _standard_deviation(pairs)
    draw = seeded_hash(seed, "question", written(pair.given))
    order = sorted(pairs, key=lambda key: seeded_hash(draw, written(pairs[key].given)))
    wrong: list[Value] = []
    for key in order:
        output = pairs[key].output
        if all(_distinct(output, other, least) for other in (pair.output, *wrong)):
            wrong.append(output)
    if len(wrong) < OPTIONS - 1:
        return None
    position = draw % OPTIONS
    outputs = wrong[: OPTIONS - 1]
    outputs.insert(position, pair.output)
    text = _text(explanation, written(pair.given), [written(output) for output in outputs])
    return Question(text=text, right=str(position + 1), records=(record,))


def _standard_deviation(pairs: dict[int, Pair]) -> float:
    numbers = [pair.output for pair in pairs.values() if isinstance(pair.output, float)]
    return float(np.std(numbers)) if numbers else 0.0


def _distinct(one: Value, other: Value, least: float) -> bool:
    """Return whether two outputs differ enough, also as they are written."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) > least and written(one) != written(other)
    return one != other


def _text(explanation: str, given: str, outputs: Sequence[str]) -> str:
    about = f"What the function does: {explanation}\n\n" if explanation else ""
    return f"{about}The input: {given}\n\nThe outputs:\n{numbered(outputs)}"


SCORER = Scorer(
    name="predict_function",
    version=2,
    rests_on=RestsOn.EXPLANATION,
    run=score,
    settings=FunctionPredictionSettings,
    needs=frozenset({Need.MODEL}),
)
