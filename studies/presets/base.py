"""What every preset has in common: what it needs, and what it makes of that. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from annotation.entry import Check
from annotation.protocols.base import Payload
from annotation.protocols.excerpt import Excerpt
from annotation.protocols.options import Option
from annotation.protocols.stimuli import Image, Stimulus, Text
from annotation.quality import MEASURES
from explanations.records import Split
from studies.presets.trust import Reasoned, quick

Takes = Literal["none", "each", "pair", "all"]
"""Whose explanations one question holds: none, one condition's, two conditions', all."""

DEALT: tuple[Takes, ...] = ("each", "pair")
"""Of these, conditions can be met between raters."""

Choice = Literal["mixed", "top", "drawn", "quiet", "lowest", "other"]
"""Which records: two thirds of high peaks and the rest drawn; those of high peaks; those kept as
quantiles or at random; those on which the neuron hardly fires, drawn, or the lowest of them;
another neuron's of high peaks."""


class Lacking(ValueError):
    """Material from which the question cannot be made; the text says what, after "neurons "."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpts:
    """Records that a question needs: `n`, or `least` at least; `n` of 0 is what the study shows."""

    name: str
    choice: Choice
    n: int = 0
    least: int = 1
    split: Split = Split.EXPLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What one question is made of.

    `conditions` is the least number of them in the study, and `most` how many stand side by side at
    most: of more, each question gets a balanced part. `truths` asks for the neuron's true
    description and as many of other neurons. `changes` asks for texts that a model wrote with the
    neuron as it is and held high. `fires` refuses neurons that never do. `images` takes records of
    images in place of those of texts.
    """

    takes: Takes
    conditions: int = 1
    most: int = 9
    excerpts: tuple[Excerpts, ...] = ()
    truths: int = 0
    changes: int = 0
    fires: bool = True
    images: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An explanation, and the number of the condition it stands for; a true one has none."""

    explanation: int
    condition: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A record as raters see it, and its raw activations, which are not rounded.

    Of an image, `excerpt` holds the words for it, and `image` names its stored file.
    """

    record: int
    excerpt: Excerpt
    values: tuple[float, ...]
    image: Image | None = None

    @property
    def plain(self) -> Text:
        """The text alone, without activations."""
        return Text(text="".join(self.excerpt.tokens).strip() or " ".join(self.excerpt.tokens))

    @property
    def stimulus(self) -> Image | Text:
        """The image, or the text alone."""
        return self.image or self.plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A beginning, and how a model went on with the neuron as it is and with the neuron held."""

    begun: str
    as_is: str
    held: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What there is for one question. `truths` has the neuron's own first."""

    said: tuple[Said, ...] = ()
    seen: Mapping[str, tuple[Seen, ...]] = field(default_factory=dict)
    truths: tuple[Said, ...] = ()
    changes: tuple[Changed, ...] = ()

    def excerpts(self, name: str) -> tuple[Excerpt, ...]:
        """Return the excerpts of one need, with their activations."""
        return tuple(each.excerpt for each in self.seen[name])

    def stimuli(self, name: str) -> tuple[Image | Text, ...]:
        """Return the images of one need; in an example, which has none, the words for them."""
        return tuple(each.stimulus for each in self.seen[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An option that has no key yet, and what stands behind it."""

    text: str = ""
    shown: Stimulus | None = None
    said: Said | None = None
    record: int | None = None


def no_offers(_material: Material) -> tuple[Offer, ...]:
    """Return nothing: the question has no options."""
    return ()


def offered_texts(material: Material) -> tuple[Offer, ...]:
    """Return one option for each explanation."""
    return tuple(Offer(text=each.text, said=each) for each in material.said)


def first_is_right(keys: tuple[str, ...]) -> dict[str, Any]:
    """Return the known answer where the first offer is the right choice."""
    return {"choice": keys[0]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A made-up question to practise on; `gold` is its answer, from the keys of its offers."""

    material: Material
    gold: Callable[[tuple[str, ...]], dict[str, Any]]
    why: str


CONSENT = """\
{task} It is for research into how well such descriptions are written.

Your answers and the time you take are stored without your name. You may stop at any time by \
closing the page; what you have answered until then is kept."""

MARKS = """\
Each page shows a few excerpts. The stronger the mark on a word, the more strongly one unit of a \
language model responded to it."""

BLIND = "Nothing hints at who wrote the descriptions."


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A published design, ready to be used.

    `source` is where it comes from, `differs` what is done otherwise here, `plan` how its judgments
    are to be analysed. `then` names the design of a second part, which is begun along with it.
    `task` says in a sentence what raters do, for the consent. `seconds` is the pace assumed until
    there is one.

    `offers` makes a question's options from its material, the right one first where one is; raises
    `Lacking`. `payload` makes the question from the same material and these options, keyed and in
    the order of their keys. `known` returns the known answer from the keys of the offers, in the
    order of `offers`. `catch` makes the options of a trial that nobody who looks gets wrong.

    `checks` are asked about the instructions, `practice` is asked before the first question and its
    answer told, and `held_to` are the design's own rules on raters.
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
    differs: str = ""
    then: str = ""
    overlap: int = 3
    items_per_rater: int = 40
    excerpts: int = 6
    catches: int = 0
    seconds: float = 30.0
    checks: tuple[Check, ...] = ()
    practice: Example | None = None
    held_to: tuple[Reasoned, ...] = ()

    @property
    def rules(self) -> tuple[Reasoned, ...]:
        """The rules on raters, by default; that on answers too fast follows the pace."""
        order = list(MEASURES)
        rules = (*self.held_to, quick(self.seconds))
        return tuple(sorted(rules, key=lambda each: order.index(each.rule.name)))

    @property
    def consent(self) -> str:
        """What a rater agrees to."""
        return CONSENT.format(task=self.task)
