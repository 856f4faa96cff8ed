"""Material for the practice question of each design. Pure.

It is made up: no unit of any model is behind it, so practice reveals nothing about real questions.
"""

import re

from annotation.protocols.excerpt import Excerpt
from studies.presets.base import Continuations, ExplanationText, ShownRecord

_WORD = re.compile(r"(\s*)(\^|~)?([\w'-]+|[^\w\s])")
_LEVELS = {"^": 9, "~": 4, "": 0}
_FULL = 4.2


def shown_record(text: str) -> ShownRecord:
    """Return a text as a record; words after ^ are strongly marked, words after ~ weakly."""
    words = _WORD.findall(text)
    levels = tuple(_LEVELS[mark] for _, mark, _ in words)
    values = tuple(round(_FULL * level / 10, 2) for level in levels)
    tokens = tuple(f"{space}{word}" for space, _, word in words)
    excerpt = Excerpt(tokens=tokens, values=values, levels=levels)
    return ShownRecord(record=0, excerpt=excerpt, values=values)


def explanation_texts(*texts: str) -> tuple[ExplanationText, ...]:
    """Return made-up descriptions."""
    return tuple(ExplanationText(explanation=0, condition=None, text=text) for text in texts)


def number_record(given: str, output: float) -> ShownRecord:
    """Return the input of a numeric function as a record, with its output."""
    excerpt = Excerpt(tokens=(given,), values=(output,), levels=(0,))
    return ShownRecord(record=0, excerpt=excerpt, values=(output,), function=True)


COLOURS = tuple(
    map(
        shown_record,
        (
            "Her old bike was ^red, with one ^yellow wheel.",
            "They painted the kitchen ^green in a weekend.",
            "The sky turned ~grey, then nearly ^black.",
            "He lost a ^blue glove on the way to school.",
            "Nobody wanted the ^purple chair by the door.",
        ),
    )
)
OTHERS = tuple(
    map(
        shown_record,
        (
            "The train was late again this morning.",
            "Put the flour in a bowl and add two eggs.",
            "She has played the violin since she was six.",
            "The meeting was moved to Thursday.",
            "Turn left after the bridge.",
        ),
    )
)
RIGHT, WRONG = "words for colours", "words about vehicles and traffic"
NEAR = "adjectives, words that say what something is like"
WHY = (
    f"Red, yellow, green and blue are marked, in texts about quite different things: “{RIGHT}” "
    "covers all of them and no other word."
)


def painted(texts: tuple[ShownRecord, ...], most: int) -> list[list[float]]:
    """Return the unit's activation on each token of the texts, cut as raters see them."""
    return [[float(level) for level in each.excerpt.levels[:most]] for each in texts]


CONTINUATIONS = tuple(
    Continuations(prompt=begun, baseline=as_is, clamped=held)
    for begun, as_is, held in (
        ("On Sunday we went", " for a walk in the park.", " to the red and yellow park."),
        ("My sister bought", " a new coat for winter.", " a green coat with blue buttons."),
        ("The house at the corner", " was sold last year.", " was white, then purple."),
        ("For dinner there was", " soup and bread.", " orange soup and black bread."),
    )
)
