"""Making a neuron strong should make a model write more of what its explanation describes.

Beginnings of held-out records are continued twice with the same random draws: as the model is, and
with the neuron clamped to `strength` times its maximum. A language model that knows only the
explanation sees both, in an order that the seed drew, and says which of the two is more about it.
The score is the share of right choices: .5 is chance. Beginnings whose two continuations are the
same cannot be judged; their number is in the details.

Known failures: explanations say what makes a neuron fire, which need not be what it makes the model
write; a strong clamp breaks texts, and broken texts are about nothing. Source of the idea: Paulo et
al. (2024), "Automatically interpreting millions of features in large language models".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from explanations.methods.base import Settings
from explanations.methods.requests import Continuation, ContinueTexts, Dialogue, Need, send
from explanations.methods.values import Evidence, HeldOut, Scored, Unusable
from explanations.records import RecordKind, seeded_hash
from explanations.scorers.activating import one_line
from explanations.scorers.base import RestsOn, Scorer
from explanations.scorers.multiple_choice import Question, Task, ask_questions


@dataclass(frozen=True, slots=True, kw_only=True)
class InterventionSettings(Settings):
    """How many beginnings of how many tokens are continued how far, and the clamp's strength."""

    texts: int = 20
    beginning: int = 24
    tokens: int = 24
    strength: float = 5.0
    max_tokens: int = 200
    seed: int = 0


SYSTEM = (
    "The beginning of a text was continued in two ways, A and B. One of the two was written under "
    "the influence of a topic or a habit of writing, which you are given. Say which one shows more "
    "of it, even if you have to guess. Answer with the letter and nothing else."
)
# Made-up texts: the influence, the beginning, both continuations, and which is right.
EXAMPLES = (
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """A record's beginning with its two continuations, and the label of the clamped one."""

    record: int
    beginning: str
    plain: str
    clamped: str
    label: str


def score(evidence: Evidence, settings: InterventionSettings) -> Dialogue[Scored | Unusable]:
    """Continue texts in two ways, and ask which of both fits the explanation."""
    records = _drawn(evidence, settings)
    if evidence.maximum <= 0 or not records:
        reason = "no record is held out" if evidence.maximum > 0 else "the neuron never fires"
        return Scored(value=None, n=0, reason=reason)
    beginnings = ["".join(each.actual.tokens[: settings.beginning]) for each in records]
    plain = yield from _continued(beginnings, None, settings)
    clamped = yield from _continued(beginnings, settings.strength * evidence.maximum, settings)
    pairs, failed = _pairs(records, beginnings, plain, clamped, seed=settings.seed)
    judged = [each for each in pairs if each.plain != each.clamped]
    if not judged:
        return _nothing(pairs, failed)
    task = Task(
        system=SYSTEM,
        examples=tuple((_text(*parts), right) for *parts, right in EXAMPLES),
        labels=("A", "B"),
    )
    return (
        yield from ask_questions(
            task,
            [_question(evidence.explanation, each) for each in judged],
            max_tokens=settings.max_tokens,
            failed=failed,
            details={
                "unchanged": len(pairs) - len(judged),
                "texts": [[each.beginning, each.plain, each.clamped] for each in judged],
            },
        )
    )


def _drawn(evidence: Evidence, settings: InterventionSettings) -> list[HeldOut]:
    """Return records drawn by the seed, those first that were not kept for a high peak."""

    def key(each: HeldOut) -> tuple[bool, int, int]:
        draw = seeded_hash(settings.seed, "begun", each.actual.text)
        return each.kind is RecordKind.TOP, draw, each.record

    return sorted(evidence.records, key=key)[: settings.texts]


def _continued(
    beginnings: Sequence[str], clamp: float | None, settings: InterventionSettings
) -> Dialogue[tuple[str | Unusable, ...]]:
    replies = yield from send(
        ContinueTexts(
            Continuation(text=text, clamp=clamp, tokens=settings.tokens, seed=settings.seed)
            for text in beginnings
        )
    )
    return replies


def _pairs(
    records: Sequence[HeldOut],
    beginnings: Sequence[str],
    plain: Sequence[str | Unusable],
    clamped: Sequence[str | Unusable],
    *,
    seed: int,
) -> tuple[list[_Pair], list[Unusable]]:
    pairs: list[_Pair] = []
    failed: list[Unusable] = []
    for record, start, one, other in zip(records, beginnings, plain, clamped, strict=True):
        if isinstance(one, Unusable) or isinstance(other, Unusable):
            failed += [each for each in (one, other) if isinstance(each, Unusable)][:1]
            continue
        label = "AB"[seeded_hash(seed, "letter", start) % 2]
        pairs.append(
            _Pair(record=record.record, beginning=start, plain=one, clamped=other, label=label)
        )
    return pairs, failed


def _nothing(pairs: Sequence[_Pair], failed: Sequence[Unusable]) -> Scored | Unusable:
    if not pairs:
        return Unusable(reason=f"no text was continued: {failed[0].reason}", raw=failed[0].raw)
    reason = f"clamping the neuron changes none of {len(pairs)} texts"
    return Scored(value=None, n=0, reason=reason, records=tuple(each.record for each in pairs))


def _question(explanation: str, pair: _Pair) -> Question:
    both = (pair.clamped, pair.plain) if pair.label == "A" else (pair.plain, pair.clamped)
    text = _text(explanation, pair.beginning, *both)
    return Question(text=text, right=pair.label, records=(pair.record,))


def _text(about: str, beginning: str, first: str, second: str) -> str:
    options = f"A: {one_line(first)}\nB: {one_line(second)}"
    return f"The influence: {about}\n\nThe beginning: {one_line(beginning)}\n\n{options}"


SCORER = Scorer(
    name="intervention",
    version=2,
    rests_on=RestsOn.EXPLANATION,
    run=score,
    settings=InterventionSettings,
    needs=frozenset({Need.MODEL, Need.SUBJECT}),
)
