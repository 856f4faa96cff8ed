"""A language model chooses what a function gives, of three outputs, knowing its explanation alone.

For functions of numbers and strings (docs/ground-truth.md). A question is a held-out input with its
output and two outputs of other held-out inputs, in an order that a seed drew. The score is the
share of rightly chosen ones; by chance it is 1/3. With `told` false the explanation is left out:
what is right then can be guessed from the pair alone, as in strings that share letters, and a score
is to be read beside that. Numbers that lie near the right one are not offered.

Source of the idea: the evaluation of FIND, Schwettmann et al. (2023).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from explanations.ground_truth.pairs import Pair, Value, pair_of, written
from explanations.methods.requests import Dialogue, Generate, Need, send
from explanations.methods.values import Answer, Evidence, Message, Prompt, Scored, Unusable
from explanations.records import seeded_hash
from explanations.scorers.accuracy import share_right
from explanations.scorers.base import Config, RestsOn, Scorer
from explanations.scorers.classifier import begins

DEFAULTS: dict[str, Any] = {"questions": 20, "told": True, "max_tokens": 200, "seed": 0}
OFFERED = 3
CHANCE = 1 / OFFERED
NO_FUNCTION = "its records are no inputs and outputs of a function"

APART = 0.2
"""How far a wrong number is from the right one at least, in standard deviations of the outputs."""

SYSTEM = (
    f"A function was given an input. You are shown {OFFERED} outputs, of which one is what it "
    "gave. Say which. Answer with its number and nothing else."
)
# Made up for this prompt: what a function does, an input, three outputs, which is right.
SHOTS: tuple[tuple[str, str, tuple[str, str, str], int], ...] = (
    ("adds 7 to a number and halves the sum", "3", ("-1", "5", "8.5"), 2),
    ("leaves out the last letter", "window", ("windo", "tabl", "WINDOW"), 1),
)

_NUMBER = re.compile(r"\s*(?P<number>\d)[.):]?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """An input with the outputs that are offered, and the place of the right one, from 1."""

    record: int
    given: Value
    outputs: tuple[Value, ...]
    right: int


def score(evidence: Evidence, config: Config, seed: int) -> Dialogue[Scored | Unusable]:
    """Ask up to `questions` questions, one a prompt."""
    settings = {**DEFAULTS, **config}
    pairs = {each.record: pair_of(each.actual) for each in evidence.records}
    known = {record: pair for record, pair in pairs.items() if pair is not None}
    if not evidence.function or not known or len(known) < len(pairs):
        return Scored(value=None, n=0, reason=NO_FUNCTION)
    asked = _questions(known, settings["questions"], seed)
    if not asked:
        return Scored(value=None, n=0, reason=f"it takes {OFFERED} inputs of different outputs")
    said = evidence.explanation if settings["told"] else ""
    answers = yield from send(
        Generate(tuple(_prompt(said, each, settings["max_tokens"]) for each in asked))
    )
    return share_right(
        [parse(answer) for answer in answers],
        [each.right for each in asked],
        chance=CHANCE,
        records=[(each.record,) for each in asked],
    )


def _questions(pairs: dict[int, Pair], most: int, seed: int) -> list[_Question]:
    drawn = sorted(pairs, key=lambda key: (seeded_hash(seed, written(pairs[key].given)), key))
    found = [_question(key, pairs, seed) for key in drawn]
    return [each for each in found if each is not None][:most]


def _question(record: int, pairs: dict[int, Pair], seed: int) -> _Question | None:
    """Offer a record's output beside two others; None where there are no two."""
    pair = pairs[record]
    least = APART * _spread(pairs)
    draw = seeded_hash(seed, "question", written(pair.given))
    order = sorted(pairs, key=lambda key: seeded_hash(draw, written(pairs[key].given)))
    wrong: list[Value] = []
    for key in order:
        output = pairs[key].output
        if all(_apart(output, other, least) for other in (pair.output, *wrong)):
            wrong.append(output)
    if len(wrong) < OFFERED - 1:
        return None
    place = draw % OFFERED
    outputs = [*wrong[: OFFERED - 1]]
    outputs.insert(place, pair.output)
    return _Question(record=record, given=pair.given, outputs=tuple(outputs), right=place + 1)


def _spread(pairs: dict[int, Pair]) -> float:
    numbers = [pair.output for pair in pairs.values() if isinstance(pair.output, float)]
    return float(np.std(numbers)) if numbers else 0.0


def _apart(one: Value, other: Value, least: float) -> bool:
    """Tell whether two outputs can be told from each other as they are written."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) > least and written(one) != written(other)
    return one != other


def _prompt(explanation: str, question: _Question, max_tokens: int) -> Prompt:
    turns = [Message(role="system", content=SYSTEM)]
    for about, given, outputs, right in SHOTS:
        turns.append(_shown(about if explanation else "", given, outputs))
        turns.append(Message(role="assistant", content=str(right)))
    offered = [written(output) for output in question.outputs]
    turns.append(_shown(explanation, written(question.given), offered))
    return Prompt(messages=tuple(turns), max_tokens=max_tokens)


def _shown(explanation: str, given: str, outputs: Sequence[str]) -> Message:
    about = f"What the function does: {explanation}\n\n" if explanation else ""
    numbered = "\n".join(f"{number}: {output}" for number, output in enumerate(outputs, 1))
    return Message(role="user", content=f"{about}The input: {given}\n\nThe outputs:\n{numbered}")


def parse(answer: Answer | Unusable) -> int | Unusable:
    """Read the number of an output; anything else is unusable, and no wrong answer."""
    if isinstance(answer, Unusable):
        return answer
    match = _NUMBER.fullmatch(answer.text[begins(answer) :])
    if not match or not 1 <= int(match["number"]) <= OFFERED:
        return Unusable(reason=f"the answer is no number from 1 to {OFFERED}", raw=answer.text)
    return int(match["number"])


SCORER = Scorer(
    name="predict_function",
    version=1,
    rests_on=RestsOn.EXPLANATION,
    score=score,
    needs=frozenset({Need.MODEL}),
    default_config=DEFAULTS,
)
