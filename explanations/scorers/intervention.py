"""A neuron that is made strong should make a model say more of what its explanation describes.

Beginnings of held-out records go on twice from the same draws: as the model is, and with the neuron
held at `strength` times its maximum. A language model that knows the explanation alone is shown
both, in an order that a seed drew, and says which of the two is more about it. The score is the
share of rightly chosen ones: .5 says nothing. Beginnings whose two texts are the same cannot be
judged; how many those are is in the details.

Known failures: explanations say what makes a neuron fire, which need not be what it makes the model
say; a strong clamp breaks texts, and broken texts are about nothing. Source of the idea: Paulo et
al. (2024), "Automatically interpreting millions of features in large language models".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from explanations.methods.requests import (
    Continuation,
    ContinueTexts,
    Dialogue,
    Generate,
    Need,
    send,
)
from explanations.methods.values import Answer, Evidence, HeldOut, Message, Prompt, Scored, Unusable
from explanations.records import RecordKind, seeded_hash
from explanations.scorers.accuracy import share_right
from explanations.scorers.activating import one_line
from explanations.scorers.base import Config, RestsOn, Scorer
from explanations.scorers.classifier import begins

DEFAULTS: dict[str, Any] = {
    "texts": 20,
    "beginning": 24,
    "tokens": 24,
    "strength": 5.0,
    "max_tokens": 200,
    "seed": 0,
}
CHANCE = 1 / 2

SYSTEM = (
    "A text was begun, and went on in two ways, A and B. One of the two was written under the "
    "influence of a topic or a habit of writing that you are told. Say which one shows more of "
    "it, even where you have to guess. Answer with the letter and nothing else."
)
# Made up for this prompt: what it was, the beginning, both ways, and which is right.
SHOTS = (
    (
        "kitchen tools that are sharp",
        "On Monday she came back and",
        "took the knife from the board to peel",
        "went to see her brother, who was ill",
        "A",
    ),
    (
        "the end of a question",
        "They stood there for a while. Then",
        "the bus came and both got in",
        "he said: do you know him? Do you?",
        "B",
    ),
)

_LETTER = re.compile(r"\s*(?P<letter>[AB])[.):]?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """What followed a record's beginning, plainly and clamped, and the letter of the clamped."""

    record: int
    begun: str
    plain: str
    clamped: str
    letter: str


def score(evidence: Evidence, config: Config, seed: int) -> Dialogue[Scored | Unusable]:
    """Let texts go on twice, and ask which of both fits the explanation."""
    settings = {**DEFAULTS, **config}
    records = _drawn(evidence, settings["texts"], seed)
    if evidence.maximum <= 0 or not records:
        reason = "no record is held out" if evidence.maximum > 0 else "the neuron never fires"
        return Scored(value=None, n=0, reason=reason)
    begun = ["".join(each.actual.tokens[: settings["beginning"]]) for each in records]
    ways = []
    for clamp in (None, settings["strength"] * evidence.maximum):
        ways.append(
            (
                yield from send(
                    ContinueTexts(
                        Continuation(text=text, clamp=clamp, tokens=settings["tokens"], seed=seed)
                        for text in begun
                    )
                )
            )
        )
    pairs, failed = _pairs(records, begun, *ways, seed=seed)
    judged = [each for each in pairs if each.plain != each.clamped]
    if not judged:
        return _nothing(pairs, failed)
    answers = yield from send(
        Generate(
            tuple(_prompt(evidence.explanation, each, settings["max_tokens"]) for each in judged)
        )
    )
    return share_right(
        [parse(each) for each in answers],
        [each.letter for each in judged],
        chance=CHANCE,
        records=[(each.record,) for each in judged],
        failed=failed,
        details={
            "unchanged": len(pairs) - len(judged),
            "texts": [[each.begun, each.plain, each.clamped] for each in judged],
        },
    )


def _drawn(evidence: Evidence, most: int, seed: int) -> list[HeldOut]:
    """Return records that were not kept for a high peak, as far as there are any."""

    def place(each: HeldOut) -> tuple[bool, int, int]:
        draw = seeded_hash(seed, "begun", each.actual.text)
        return each.kind is RecordKind.TOP, draw, each.record

    return sorted(evidence.records, key=place)[:most]


def _pairs(
    records: Sequence[HeldOut],
    begun: Sequence[str],
    plain: Sequence[str | Unusable],
    clamped: Sequence[str | Unusable],
    *,
    seed: int,
) -> tuple[list[_Pair], list[Unusable]]:
    pairs: list[_Pair] = []
    failed: list[Unusable] = []
    for record, start, one, other in zip(records, begun, plain, clamped, strict=True):
        if isinstance(one, Unusable) or isinstance(other, Unusable):
            failed += [each for each in (one, other) if isinstance(each, Unusable)][:1]
            continue
        letter = "AB"[seeded_hash(seed, "letter", start) % 2]
        pairs.append(
            _Pair(record=record.record, begun=start, plain=one, clamped=other, letter=letter)
        )
    return pairs, failed


def _nothing(pairs: Sequence[_Pair], failed: Sequence[Unusable]) -> Scored | Unusable:
    if not pairs:
        return Unusable(reason=f"no text went on: {failed[0].reason}", raw=failed[0].raw)
    reason = f"holding the neuron changes none of {len(pairs)} texts"
    return Scored(value=None, n=0, reason=reason, records=tuple(each.record for each in pairs))


def _prompt(explanation: str, pair: _Pair, max_tokens: int) -> Prompt:
    turns = [Message(role="system", content=SYSTEM)]
    for about, begun, first, second, right in SHOTS:
        turns.append(_shown(about, begun, first, second))
        turns.append(Message(role="assistant", content=right))
    both = (pair.clamped, pair.plain) if pair.letter == "A" else (pair.plain, pair.clamped)
    turns.append(_shown(explanation, pair.begun, *both))
    return Prompt(messages=tuple(turns), max_tokens=max_tokens)


def _shown(about: str, begun: str, first: str, second: str) -> Message:
    ways = f"A: {one_line(first)}\nB: {one_line(second)}"
    text = f"It shows in: {about}\n\nThe beginning: {one_line(begun)}\n\n{ways}"
    return Message(role="user", content=text)


def parse(answer: Answer | Unusable) -> str | Unusable:
    """Read A or B; anything else is unusable, and no wrong answer."""
    if isinstance(answer, Unusable):
        return answer
    match = _LETTER.fullmatch(answer.text[begins(answer) :])
    if not match:
        return Unusable(reason="the answer is neither A nor B", raw=answer.text)
    return match["letter"]


SCORER = Scorer(
    name="intervention",
    version=1,
    rests_on=RestsOn.EXPLANATION,
    score=score,
    needs=frozenset({Need.MODEL, Need.SUBJECT}),
    default_config=DEFAULTS,
)
