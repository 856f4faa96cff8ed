"""A language model says whether marked words are those on which a neuron fires.

On some records the words that fire are marked, on others as many words that do not. With
`negatives` "silent" the others are records on which the neuron is silent; with "firing" they are
records on which it fires too, with the wrong words marked, so that the topic of the text gives
nothing away. Wrong marks have the pattern of a right record's, somewhere else in the text, drawn
for each record on its own and never on a word that fires.

Known failures: a firing token that is white space marks no word; with "silent" the text around the
marks helps, as in `detection`. Source of the scheme: Paulo et al. (2024), "Automatically
interpreting millions of features in large language models".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Evidence, HeldOut, Scored, Unusable
from explanations.records import Word, seeded_hash, words
from explanations.scorers.activating import firing_and_silent, levels, one_line
from explanations.scorers.base import RestsOn, Scorer
from explanations.scorers.classifier import (
    CHOICES,
    ClassifierSettings,
    Example,
    Shot,
    Task,
    classify,
    shuffled,
)

NEGATIVES = ("silent", "firing")


@dataclass(frozen=True, slots=True, kw_only=True)
class FuzzingSettings(ClassifierSettings):
    """Whether wrong marks are on records on which the neuron is silent or on which it fires."""

    negatives: str = "silent"


OPEN, CLOSE = "<<", ">>"

TASK = Task(
    system="You are given an explanation of what one neuron of a language model responds to, and "
    f"excerpts of text in which words are marked {OPEN}like this{CLOSE}. For each excerpt, say "
    "whether the marked words are exactly those on which the neuron fires.",
    shots=(
        Shot(
            explanation="kitchen tools that are sharp",
            excerpts=(
                ("he wiped the <<cleaver>> and hung it back on its hook by the", True),
                ("you <<peel>> them first, and a small paring knife will do", False),
                ("two <<knives>> and a pair of <<shears>> lay in the drawer", True),
                ("the bus was late <<again>>, so nobody sat down to eat", False),
            ),
        ),
        Shot(
            explanation="the end of a question",
            excerpts=(
                ("was that your <<brother>>? He waved as if he knew us", False),
                ("is it far<<?>> I have no coat, and it rains", True),
            ),
        ),
    ),
)

Pattern = tuple[int, ...]
"""Positions of marked words, relative to the first of them."""


class _Marked:
    """A record's words: those that fire, and the text with any of them marked."""

    def __init__(self, record: HeldOut, maximum: float) -> None:
        self.record = record
        self.words: Sequence[Word] = words(record.actual.tokens)
        value = levels(record, maximum)
        self.firing = tuple(
            i for i, word in enumerate(self.words) if value[word.start : word.stop].any()
        )

    @property
    def usable(self) -> bool:
        """Return whether it has words, and no text that looks like a mark."""
        text = self.record.actual.text
        return bool(self.words) and OPEN not in text and CLOSE not in text

    @property
    def pattern(self) -> Pattern:
        """Return the positions of the firing words relative to the first."""
        return tuple(index - self.firing[0] for index in self.firing)

    def elsewhere(self, pattern: Pattern, seed: int) -> Pattern:
        """Return where a pattern meets no firing word; if nowhere, as many silent words."""
        text = self.record.actual.text
        silent = [index for index in range(len(self.words)) if index not in self.firing]
        free = set(silent)
        starts = [index for index in silent if all(index + step in free for step in pattern)]
        if starts:
            start = starts[seeded_hash(seed, "marks", text) % len(starts)]
            return tuple(start + step for step in pattern)
        drawn = sorted(silent, key=lambda index: seeded_hash(seed, "mark", index, text))
        return tuple(sorted(drawn[: len(pattern)]))

    def shown(self, marked: Pattern) -> str:
        """Return the text on one line, with those words marked."""
        tokens = list(self.record.actual.tokens)
        for index in marked:
            word = self.words[index]
            before, inside, after = _around("".join(tokens[word.start : word.stop]), word.text)
            tokens[word.start : word.stop] = [
                f"{before}{OPEN}{inside}{CLOSE}{after}",
                *[""] * (word.stop - word.start - 1),
            ]
        return one_line("".join(tokens))


def _around(text: str, word: str) -> tuple[str, str, str]:
    """Return what is before a word in the text of its tokens, the word, and what is after it."""
    before, inside, after = text.partition(word)
    if inside:
        return before, inside, after
    stripped = text.strip()  # the word begins in a token of the word before
    return text.partition(stripped)


def score(evidence: Evidence, settings: FuzzingSettings) -> Dialogue[Scored | Unusable]:
    """Classify up to `examples` excerpts marked rightly and as many marked wrongly."""
    both = firing_and_silent(evidence, settings.seed)
    firing = [_Marked(each, evidence.maximum) for each in both.firing]
    silent = [_Marked(each, evidence.maximum) for each in both.silent]
    right = [each for each in firing if each.usable and each.firing]
    if settings.negatives == "firing":
        right, others = right[::2], right[1::2]
        wrong = [each for each in others if len(each.firing) < len(each.words)]
    elif settings.negatives == "silent":
        wrong = [each for each in silent if each.usable]
    else:
        raise ValueError(f'`negatives` is "silent" or "firing", not {settings.negatives!r}')
    right, wrong = right[: settings.examples], wrong[: settings.examples]
    if not right or not wrong:
        return Scored(value=None, n=0, reason=both.missing or "too few words could be marked")
    examples = _examples(right, wrong, settings.seed)
    return (yield from classify(TASK, evidence.explanation, examples, settings))


def _examples(right: Sequence[_Marked], wrong: Sequence[_Marked], seed: int) -> list[Example]:
    """Return marked records in random order; wrong ones have the patterns of right ones in turn."""
    examples = [
        Example(record=each.record.record, text=each.shown(each.firing), fits=True)
        for each in right
    ]
    for number, each in enumerate(wrong):
        marks = each.elsewhere(right[number % len(right)].pattern, seed)
        text = each.shown(marks)
        examples.append(Example(record=each.record.record, text=text, fits=False))
    return shuffled(examples, seed)


SCORER = Scorer(
    name="fuzzing",
    version=2,
    rests_on=RestsOn.EXPLANATION,
    run=score,
    settings=FuzzingSettings,
    needs=frozenset({Need.MODEL}),
    choices={**CHOICES, "negatives": NEGATIVES},
)
