"""The base of all presets: the material they need, and the questions they make of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from annotation.entry import Check
from annotation.protocols.excerpt import Excerpt
from annotation.protocols.options import Option
from annotation.protocols.payload import Payload
from annotation.protocols.stimuli import Group, Image, Stimulus, Text
from annotation.quality import MEASURES
from explanations.records import Split
from studies.presets.trust import JustifiedRule, too_fast

PerQuestion = Literal["none", "one", "pair", "all"]
"""How many of a neuron's explanations a question shows: one, two, or one per condition."""

Choice = Literal["mixed", "top", "random", "quiet", "lowest", "other"]
"""Which records: two thirds top and the rest sampled; top; sampled from those kept as quantiles or
at random; sampled from those with hardly any activation, or the lowest of these; another neuron's
top records."""


class MissingMaterial(ValueError):
    """No question can be made of the material; the text says why, to be read after "questions "."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpts:
    """Records that a question needs: `n` (0: as many as the study shows), at least `least`."""

    name: str
    choice: Choice
    n: int = 0
    least: int = 1
    split: Split = Split.EXPLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one question is made of.

    `conditions` is the minimum number of conditions in the study. `most` is the maximum shown side
    by side: with more, each question gets a balanced subset. `truths` asks for the neuron's true
    description and that many of other neurons. `continuations` asks for that many texts continued
    by a model with and without the neuron clamped. `fires` rejects neurons that never fire. With
    `images`, records are of images instead of texts. `catch_truths` is how many other neurons' true
    descriptions a catch trial takes.
    """

    explanations_per_question: PerQuestion
    conditions: int = 1
    most: int = 9
    excerpts: tuple[Excerpts, ...] = ()
    truths: int = 0
    continuations: int = 0
    catch_truths: int = 0
    fires: bool = True
    images: bool = False

    @property
    def allows_between_raters(self) -> bool:
        """Whether each rater can be shown one condition (or one pair) only."""
        return self.explanations_per_question in ("one", "pair")


SHOWN = (Excerpts(name="shown", choice="mixed"),)
"""What a question with one set of excerpts needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationText:
    """An explanation, and the number of its condition; a true description has none."""

    explanation: int
    condition: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRecord:
    """A record as raters see it, and its raw activations, which are not rounded.

    If it is of an image, `excerpt` holds its alternative text, and `image` names its stored file.
    `function`: it holds an input of a function and its output.
    """

    record: int
    excerpt: Excerpt
    values: tuple[float, ...]
    image: Image | None = None
    function: bool = False

    @property
    def plain(self) -> Text:
        """The text alone, without activations."""
        return Text(text="".join(self.excerpt.tokens).strip() or " ".join(self.excerpt.tokens))

    @property
    def stimulus(self) -> Image | Text:
        """The image, or the text alone."""
        return self.image or self.plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuations:
    """A prompt, and how a model continued it: unchanged, and with the neuron clamped high."""

    prompt: str
    baseline: str
    clamped: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What one question can be made of. `truths` begins with the neuron's own description."""

    explanations: tuple[ExplanationText, ...] = ()
    records: Mapping[str, tuple[ShownRecord, ...]] = field(default_factory=dict)
    truths: tuple[ExplanationText, ...] = ()
    continuations: tuple[Continuations, ...] = ()

    @property
    def explanation(self) -> ExplanationText:
        """The one explanation that the question is about."""
        [explanation] = self.explanations
        return explanation

    def excerpts(self, name: str) -> tuple[Excerpt, ...]:
        """Return the excerpts of one need, with their activations."""
        return tuple(each.excerpt for each in self.records[name])

    def stimuli(self, name: str) -> tuple[Image | Text, ...]:
        """Return the images of one need; in an example, which has none, their alternative texts."""
        return tuple(each.stimulus for each in self.records[name])


def text_group(heading: str, *texts: str) -> Group:
    """Return texts without activations, under a heading."""
    return Group(heading=heading, excerpts=tuple(Text(text=text) for text in texts))


# --- Options --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An option that has no key yet, and the explanation or record behind it."""

    text: str = ""
    shown: Stimulus | None = None
    explanation: ExplanationText | None = None
    record: int | None = None


def no_offers(_material: Material) -> tuple[Offer, ...]:
    """Return nothing: the question has no options."""
    return ()


def offered_texts(material: Material) -> tuple[Offer, ...]:
    """Return one option per explanation."""
    return _of_texts(material.explanations)


def offered_truths(material: Material) -> tuple[Offer, ...]:
    """Return one option per true description, the neuron's own first."""
    return _of_texts(material.truths)


def _of_texts(texts: tuple[ExplanationText, ...]) -> tuple[Offer, ...]:
    return tuple(Offer(text=each.text, explanation=each) for each in texts)


def offered_records(*records: ShownRecord) -> tuple[Offer, ...]:
    """Return one option per record, as text without marks; all must be different."""
    if len({each.plain.text for each in records}) < len(records):
        raise MissingMaterial("in which two excerpts have the same text")
    return tuple(Offer(shown=each.plain, record=each.record) for each in records)


def first_is_right(keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the right answer if it is the choice of the first offer."""
    return {"choice": keys[0]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A made-up practice question; `gold` returns its answer, given the keys of its offers."""

    material: Material
    gold: Callable[[tuple[str, ...]], dict[str, Any]]
    why: str


# --- Presets --------------------------------------------------------------------------------------

CONSENT = """\
{task} This is for research into how well such descriptions are written.

Your answers and the time you take are stored without your name. You may stop at any time by \
closing the page; answers given until then are kept."""

MARKS = """\
Each page shows a few excerpts. The stronger the mark on a word, the more strongly one unit of a \
language model responded to it."""

BLIND = "Nothing on the page tells you who wrote the descriptions."


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A published design, ready to use.

    `source` is the publication, `deviations` says what is done differently here, and `plan` how the
    judgments are to be analysed. `second_part` names the design of a second study that is created
    along with it. `task` says in one sentence what raters do, for the consent. `seconds` is the
    pace assumed until there is a measured one.

    `offers` returns a question's options, the right one first if there is one; it may raise
    `MissingMaterial`. `payload` returns the question from that material and the keyed options in
    the order of their keys. `known` returns the right answer, given the keys in the order of
    `offers`. `catch` returns the options of a catch trial, whose answer is obvious; it may raise
    `MissingMaterial` too.

    `checks` are comprehension questions about the instructions, `practice` is asked before the
    first question and then explained, and `own_rules` are the design's own quality rules.
    """

    name: str
    title: str
    source: str
    summary: str
    protocol: str
    needs: Needs
    task: str
    instructions: str
    plan: str
    payload: Callable[[Material, tuple[Option, ...]], Payload]
    offers: Callable[[Material], tuple[Offer, ...]] = offered_texts
    known: Callable[[tuple[str, ...]], dict[str, Any]] | None = None
    catch: Callable[[Material], tuple[Offer, ...]] | None = None
    deviations: str = ""
    second_part: str = ""
    overlap: int = 3
    items_per_rater: int = 40
    excerpts: int = 6
    catches: int = 0
    seconds: float = 30.0
    checks: tuple[Check, ...] = ()
    practice: Example | None = None
    own_rules: tuple[JustifiedRule, ...] = ()

    @property
    def rules(self) -> tuple[JustifiedRule, ...]:
        """The default quality rules; the one about speed depends on the pace."""
        order = list(MEASURES)
        rules = (*self.own_rules, too_fast(self.seconds))
        return tuple(sorted(rules, key=lambda each: order.index(each.rule.name)))

    @property
    def trust(self) -> dict[str, Any]:
        """The default rules, checks and practice, as a study stores them."""
        return {
            "rules": [each.rule.to_json() for each in self.rules],
            "checks": [check.to_json() for check in self.checks],
            "practises": self.practice is not None,
        }

    @property
    def consent(self) -> str:
        """What raters agree to."""
        return CONSENT.format(task=self.task)
