"""The functions with known truth that ship with the project. Pure.

A set's functions are one layer, in this order. To change one is to make another set: captures and
explanations refer to functions by their place.
"""

from dataclasses import dataclass
from itertools import pairwise

from explanations.ground_truth.rules import (
    Rule,
    among,
    capital,
    either,
    first_word,
    following,
    noisy,
    only_after,
    position,
    quoted,
    repeated,
    silenced,
    token,
    unless_after,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A rule and the description that is true of it."""

    truth: str
    rule: Rule


_ANIMALS = among(
    "animal animals bird birds cat cats cow cows dog dogs duck ducks fish fox frog horse horses "
    "lion mouse pig rabbit sheep snake tiger wolf"
)
_COLOURS = among(
    "black blue brown colour colours color colors gold golden gray green grey orange pink purple "
    "red silver violet white yellow"
)
_FAMILY = among(
    "aunt brother brothers child children dad daughter family father grandfather grandma "
    "grandmother grandpa mom mother parents sister sisters son uncle wife husband"
)
_FOOD = among(
    "apple apples bread butter cake cakes cheese cookie cookies dinner egg eggs food fruit honey "
    "lunch meat milk pie rice soup sugar sweets tea"
)
_WEATHER = among(
    "cloud clouds cold fog frost hot ice rain rained rainy snow storm sun sunny thunder warm "
    "weather wind windy"
)
_NEGATION = among("no not never without nobody nothing don't didn't doesn't can't couldn't won't")
_QUESTION = among("who whom whose what which when where why how")
_THE, _SHE = among("the"), among("she")

SETS: dict[str, tuple[Function, ...]] = {
    "default": (
        Function(truth="the word \u201cshe\u201d", rule=_SHE),
        Function(truth="words for animals", rule=_ANIMALS),
        Function(truth="words for colours", rule=_COLOURS),
        Function(truth="words for members of a family", rule=_FAMILY),
        Function(
            truth="words that end in \u201cing\u201d",
            rule=token(lambda each: len(each) > 4 and each.endswith("ing")),
        ),
        Function(
            truth="words with a double letter",
            rule=token(lambda each: any(a == b and a.isalpha() for a, b in pairwise(each))),
        ),
        Function(
            truth="numbers written in digits",
            rule=token(lambda each: each.isdecimal()),
        ),
        Function(truth="capitalised words that do not begin a sentence", rule=capital),
        Function(truth="the first word of a sentence", rule=first_word),
        Function(
            truth="words, stronger the later they stand in their sentence: 0.05 for each place, "
            "at most 1",
            rule=lambda text: (position(text) * 0.05).clip(max=1),
        ),
        Function(
            truth="words, stronger the longer they are: 0.1 for each letter beyond four, at most 1",
            rule=token(lambda each: min(1.0, max(0, len(each) - 4) * 0.1) if each.isalpha() else 0),
        ),
        Function(truth="the word or mark right after \u201cthe\u201d", rule=following(_THE)),
        Function(truth="words and marks between double quotation marks", rule=quoted),
        Function(
            truth="words of five letters or more that the text has said before",
            rule=repeated(5),
        ),
        Function(
            truth="words for animals, but not within five words or marks after a negation",
            rule=unless_after(_ANIMALS, _NEGATION, 5),
        ),
        Function(
            truth="\u201cyou\u201d within five words or marks after a question word",
            rule=only_after(among("you"), _QUESTION, 5),
        ),
        Function(
            truth="words for colours and, equally, words for the weather",
            rule=either(_COLOURS, _WEATHER),
        ),
        Function(
            truth="words for food and, at 0.3 of the strength, words for members of a family",
            rule=either(_FOOD, _FAMILY, 0.3),
        ),
        Function(
            truth="words for food; every token has normal noise of standard deviation 0.1 added",
            rule=noisy(_FOOD, "food", 0.1),
        ),
        Function(
            truth="words for the weather, but silent on a third of them at random",
            rule=silenced(_WEATHER, "weather", 1 / 3),
        ),
    ),
}
"""By name."""
