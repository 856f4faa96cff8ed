"""Short generated texts in which every word list occurs, for functions of texts. Pure.

They aren't natural English; the same functions can be captured over real text too.
"""

import re
from collections.abc import Iterator
from random import Random

from explanations.ground_truth.made import chance
from explanations.ground_truth.words import FREQUENT, JOINING, LEXICONS, NAMES

_SENTENCES = """
{Name} saw {articles} {colours} {animals} {places} {mine} {buildings}, {and} then it {moving} away.
"{Question} do {you} {not} eat {food} in the {daytimes}?" {speaking} the {jobs}.
The {sizes} {animals} {moving} {places} the {water} without {food} or {clothes}.
{Mine} {family} was {feelings} {and} the {weather} had come on a {days}.
"Look at {mine} {body}!" {speaking} {Name}. "{You} has {numbers} {plants} there."
{Name} put {figure} {tools} {places} the {furniture}, {and} {not} could {you} find them.
There was {articles} {sound}, {and} {you} saw {mine} {travel} {places} {articles} {buildings}.
In the {daytimes} {mine} {family} played the {music} {and} {Name} looked for {articles} {games}.
The {jobs} paid {figure} for {mine} {clothes}, so {not} {money} was left for {food}.
"{You} do {not} like {weather}," {speaking} the {sizes} {family}, {question} was {feelings}.
At {school} {Name} wrote about {mine} {animals} {and} {articles} {plants} {places} the {water}.
{Question} the {weather} began, {you} {moving} {places} the {buildings} with {mine} {tools}.
If {you} are {feelings}, give {you} {mine} {body} and {moving} to the {water} by {travel}.
{You} asked the {jobs} {question} a {colours} {games} came {places} {articles} {furniture}.
{Name} and {Name} {not} had {money}, {and} {mine} {family} had {numbers} {travel}s.
The {furniture} was {colours}, {mine} {clothes} were {colours}, {and} {Name} was {feelings}!
{Not} was heard on {days} except the {sound} of {articles} {music} {places} the {buildings}.
{Question} was {articles} {sizes} {plants} {places} the {water}? {Not} {speaking} to {Name}.
""".strip().splitlines()

_LISTS = {
    "animals": LEXICONS["animals"],
    "colours": LEXICONS["colours"],
    "family": LEXICONS["members of a family"],
    "food": LEXICONS["food"],
    "weather": LEXICONS["the weather"],
    "body": LEXICONS["parts of the body"],
    "clothes": LEXICONS["clothes"],
    "travel": LEXICONS["things to travel in"],
    "tools": LEXICONS["tools"],
    "furniture": LEXICONS["furniture"],
    "buildings": LEXICONS["buildings"],
    "plants": LEXICONS["plants"],
    "feelings": LEXICONS["feelings"],
    "jobs": LEXICONS["jobs"],
    "numbers": LEXICONS["numbers"],
    "days": LEXICONS["days and months"].title(),
    "daytimes": LEXICONS["times of the day"],
    "speaking": LEXICONS["ways of speaking"],
    "moving": LEXICONS["ways of moving"],
    "sound": LEXICONS["sounds"],
    "sizes": LEXICONS["sizes"],
    "water": LEXICONS["water"],
    "music": LEXICONS["music"],
    "school": LEXICONS["school"],
    "games": LEXICONS["games and toys"],
    "money": LEXICONS["money"],
    "places": FREQUENT["words for places in space"],
    "you": FREQUENT["pronouns"],
    "mine": FREQUENT["possessive pronouns"],
    "articles": FREQUENT["articles"],
    "not": JOINING["negations"],
    "question": JOINING["question words"],
    "and": JOINING["words that join clauses"],
    "name": NAMES,
}
_LENGTH = 3


def stories(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield (key, text): so many texts of three sentences, some sixteen tokens each."""
    for number in range(count):
        draw = chance(seed, "story", number)
        sentences = [_filled(draw.choice(_SENTENCES), draw) for _ in range(_LENGTH)]
        yield f"story {number}", " ".join(sentences)


def _filled(sentence: str, draw: Random) -> str:
    return re.sub(r"\{(\w+)\}", lambda slot: _word(slot[1], draw), sentence)


def _word(slot: str, draw: Random) -> str:
    if slot == "figure":
        return str(draw.randrange(2, 500))
    word = draw.choice(_LISTS[slot.lower()].split())
    return word if slot.islower() else word.capitalize()
