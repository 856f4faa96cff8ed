"""A language model finds the one excerpt of five on which the neuron does not fire.

The score is the share of questions that it answers rightly; one in five is chance. Every record is
in one question only, so the questions are independent. With `told` false the explanation is held
back, as in the published scheme: the score is then about the neuron, how much its excerpts have in
common, and the same for every explanation. Its known failure: there are few questions, a quarter of
the firing records at most. Sources: Chang et al. (2009), "Reading tea leaves"; Paulo & Belrose
(2025), "Evaluating SAE interpretability without explanations".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from explanations.methods.requests import Dialogue, Generate, Need, send
from explanations.methods.values import Answer, Evidence, HeldOut, Message, Prompt, Scored, Unusable
from explanations.records import seeded_hash
from explanations.scorers.accuracy import share_right
from explanations.scorers.activating import one_line, sides
from explanations.scorers.base import Config, RestsOn, Scorer
from explanations.scorers.classifier import begins

DEFAULTS: dict[str, Any] = {"questions": 10, "told": True, "max_tokens": 200, "seed": 0}
ALIKE = 4
CHANCE = 1 / (ALIKE + 1)

SYSTEM = (
    f"You are given {ALIKE + 1} excerpts of text. One neuron of a language model fires somewhere "
    f"in each of {ALIKE} of them and stays silent on one. Find that one. Answer with its number "
    "and nothing else."
)
# Neurons made up for this prompt: what each responds to, five excerpts, which is the intruder.
SHOTS = (
    (
        "kitchen tools that are sharp",
        (
            "he wiped the cleaver and hung it back on its hook",
            "you peel them first, and a small paring knife will do",
            "the bus was late again, so nobody sat down to eat",
            "two knives and a pair of shears lay in the drawer",
            "the grater took some skin off her thumb",
        ),
        3,
    ),
    (
        "words after a number",
        (
            "all my friends came late and left soon",
            "it took 30 minutes to dry",
            "about 5 people stayed until the end",
            "he owes me 200 francs, he says",
            "she lives 12 doors down the road",
        ),
        1,
    ),
)

_NUMBER = re.compile(r"\s*(?P<number>\d)[.)]?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """Five excerpts in the order in which they are shown, and the place of the intruder, from 1."""

    excerpts: tuple[HeldOut, ...]
    intruder: int


def score(evidence: Evidence, config: Config, seed: int) -> Dialogue[Scored | Unusable]:
    """Ask up to `questions` questions, one a prompt."""
    settings = {**DEFAULTS, **config}
    if settings["questions"] < 1:
        raise ValueError(f"at least one question, not {settings['questions']}")
    both = sides(evidence, seed)
    if both.missing:
        return Scored(value=None, n=0, reason=both.missing)
    asked = _questions(both.firing, both.silent, settings["questions"], seed)
    if not asked:
        reason = f"it takes {ALIKE} records that fire, and there are {len(both.firing)}"
        return Scored(value=None, n=0, reason=reason)
    said = evidence.explanation if settings["told"] else ""
    answers = yield from send(
        Generate(tuple(_prompt(said, each, settings["max_tokens"]) for each in asked))
    )
    return share_right(
        [parse(answer) for answer in answers],
        [each.intruder for each in asked],
        chance=CHANCE,
        records=[[record.record for record in each.excerpts] for each in asked],
    )


def _questions(
    firing: Sequence[HeldOut], silent: Sequence[HeldOut], most: int, seed: int
) -> list[_Question]:
    questions = []
    for number in range(min(len(firing) // ALIKE, len(silent), most)):
        alike = firing[ALIKE * number : ALIKE * (number + 1)]
        place = seeded_hash(seed, "place", silent[number].actual.text) % (ALIKE + 1)
        excerpts = (*alike[:place], silent[number], *alike[place:])
        questions.append(_Question(excerpts=excerpts, intruder=place + 1))
    return questions


def _prompt(explanation: str, question: _Question, max_tokens: int) -> Prompt:
    turns = [Message(role="system", content=SYSTEM)]
    for about, shot, intruder in SHOTS:
        turns.append(_shown(about if explanation else "", shot))
        turns.append(Message(role="assistant", content=str(intruder)))
    texts = tuple(one_line(each.actual.text) for each in question.excerpts)
    turns.append(_shown(explanation, texts))
    return Prompt(messages=tuple(turns), max_tokens=max_tokens)


def _shown(explanation: str, texts: Sequence[str]) -> Message:
    about = f"The neuron responds to: {explanation}\n\n" if explanation else ""
    numbered = "\n".join(f"{number}: {text}" for number, text in enumerate(texts, 1))
    return Message(role="user", content=f"{about}The excerpts:\n{numbered}")


def parse(answer: Answer | Unusable) -> int | Unusable:
    """Read the number of an excerpt; anything else is unusable, and no wrong answer."""
    if isinstance(answer, Unusable):
        return answer
    match = _NUMBER.fullmatch(answer.text[begins(answer) :])
    if not match or not 1 <= int(match["number"]) <= ALIKE + 1:
        return Unusable(reason=f"the answer is no number from 1 to {ALIKE + 1}", raw=answer.text)
    return int(match["number"])


SCORER = Scorer(
    name="intruder",
    version=1,
    rests_on=RestsOn.EXPLANATION,
    score=score,
    needs=frozenset({Need.MODEL}),
    default_config=DEFAULTS,
)
