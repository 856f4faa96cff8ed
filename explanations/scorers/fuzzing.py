"""A language model says whether marked words are those on which a neuron fires.

On some records the words that fire are marked, on others as many words that do not. With `wrong` as
"silent" those others are records on which the neuron is silent; as "firing" they are records on
which it fires too, with the wrong words marked, so that the topic of the text gives nothing away.
The wrong marks have the pattern of a right record's, somewhere else in the text, drawn for each
record on its own and never on a word that fires.

Its known failures: a firing token that is white space marks no word; with "silent" the text around
the marks helps, as in `detection`. Source of the scheme: Paulo et al. (2024), "Automatically
interpreting millions of features in large language models".
"""

from collections.abc import Sequence
from typing import Any

from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Evidence, HeldOut, Scored, Unusable
from explanations.records import Word, seeded_hash, words
from explanations.scorers.activating import levels, one_line, sides
from explanations.scorers.base import Config, RestsOn, Scorer
from explanations.scorers.classifier import CHOICES, Example, Shot, Task, judged, settled, shuffled
from explanations.scorers.classifier import DEFAULTS as JUDGING

DEFAULTS: dict[str, Any] = {**JUDGING, "wrong": "silent"}
OPEN, CLOSE = "<<", ">>"

TASK = Task(
    system="You are told what one neuron of a language model responds to, and given excerpts of "
    f"text in which words are marked {OPEN}like this{CLOSE}. Say of each excerpt whether the "
    "marked words are just those on which the neuron fires.",
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
"""Places of marked words, counted from the first marked one."""


class _Marked:
    """A record's words: those that fire, and the text with any of them marked."""

    def __init__(self, record: HeldOut, maximum: float) -> None:
        self.record = record
        self.words: Sequence[Word] = words(record.actual.tokens)
        value = levels(record, maximum)
        self.firing = tuple(
            at for at, word in enumerate(self.words) if value[word.start : word.stop].any()
        )

    @property
    def usable(self) -> bool:
        """Whether it has words, and no text that reads like a mark."""
        text = self.record.actual.text
        return bool(self.words) and OPEN not in text and CLOSE not in text

    @property
    def pattern(self) -> Pattern:
        """How the firing words lie to each other."""
        return tuple(at - self.firing[0] for at in self.firing)

    def elsewhere(self, pattern: Pattern, seed: int) -> Pattern:
        """Lay a pattern where no word fires; where it fits nowhere, draw as many silent words."""
        text = self.record.actual.text
        silent = [at for at in range(len(self.words)) if at not in self.firing]
        free = set(silent)
        starts = [at for at in silent if all(at + step in free for step in pattern)]
        if starts:
            start = starts[seeded_hash(seed, "marks", text) % len(starts)]
            return tuple(start + step for step in pattern)
        drawn = sorted(silent, key=lambda at: seeded_hash(seed, "mark", at, text))
        return tuple(sorted(drawn[: len(pattern)]))

    def shown(self, marked: Pattern) -> str:
        """Return the text on one line, with those words marked."""
        tokens = list(self.record.actual.tokens)
        for at in marked:
            word = self.words[at]
            before, inside, after = _around("".join(tokens[word.start : word.stop]), word.text)
            tokens[word.start : word.stop] = [
                f"{before}{OPEN}{inside}{CLOSE}{after}",
                *[""] * (word.stop - word.start - 1),
            ]
        return one_line("".join(tokens))


def _around(text: str, word: str) -> tuple[str, str, str]:
    """Part a word's tokens into what stands before the word, the word, and what stands behind."""
    before, inside, after = text.partition(word)
    if inside:
        return before, inside, after
    stripped = text.strip()  # the word begins in a token of the word before
    return text.partition(stripped)


def score(evidence: Evidence, config: Config, seed: int) -> Dialogue[Scored | Unusable]:
    """Judge up to `examples` excerpts marked rightly and as many marked wrongly."""
    settings = {**DEFAULTS, **settled({**DEFAULTS, **config})}
    both = sides(evidence, seed)
    firing = [_Marked(each, evidence.maximum) for each in both.firing]
    silent = [_Marked(each, evidence.maximum) for each in both.silent]
    right = [each for each in firing if each.usable and each.firing]
    if settings["wrong"] == "firing":
        right, others = right[::2], right[1::2]
        wrong = [each for each in others if len(each.firing) < len(each.words)]
    elif settings["wrong"] == "silent":
        wrong = [each for each in silent if each.usable]
    else:
        raise ValueError(f'`wrong` is "silent" or "firing", not {settings["wrong"]!r}')
    right, wrong = right[: settings["examples"]], wrong[: settings["examples"]]
    if not right or not wrong:
        return Scored(value=None, n=0, reason=both.missing or "too few words could be marked")
    examples = _examples(right, wrong, seed)
    return (yield from judged(TASK, evidence.explanation, examples, settings))


def _examples(right: Sequence[_Marked], wrong: Sequence[_Marked], seed: int) -> list[Example]:
    """Mark every record, the wrong ones after the patterns of the right ones in turn; shuffle."""
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
    version=1,
    rests_on=RestsOn.EXPLANATION,
    score=score,
    needs=frozenset({Need.MODEL}),
    default_config=DEFAULTS,
    choices={**CHOICES, "wrong": ("silent", "firing")},
)
