"""The words that an explanation names, and where a text has them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from explanations.records import word_texts

# A text between two quotation marks of one pair, on one line.
_QUOTED = re.compile(
    r'"[^"\n]+"|\u201c[^\u201d\n]+\u201d|\u2018[^\u2019\n]+\u2019|`[^`\n]+`'
    r"|(?<!\w)'[^'\n]+'(?!\w)"
)
# Words that an explanation needs to be a sentence, and words about text itself.
_FRAME_WORDS = """
    a about above after again all also an and any are as at be because been before being below
    between both but by can could did do does doing down during each especially etc few for from
    further had has have having he her here hers him his how i if in into is it its just like
    mainly many may me might more most mostly my no nor not of off often on once one only or other
    our out over own particularly related same she should so some such than that the their them
    then there these they this those through to too under until up used usually very was we were
    what when where which while who whom whose why will with within would you your
    activate activates end fires firing first followed last mention mentions mark marks neuron
    ordinary phrase phrases preceded sentence sentences term terms text texts token tokens
    word words
"""
_FRAME = frozenset(_FRAME_WORDS.split())
_ENDINGS = ("ingly", "edly", "ing", "ies", "ied", "ers", "es", "ed", "er", "ly", "s", "e", "y")

# Marks by their names; a name stands for each of its marks.
_MARK_NAMES = {
    "comma": ",",
    "semicolon": ";",
    "colon": ":",
    "full stop": ".",
    "period": ".",
    "question mark": "?",
    "exclamation mark": "!",
    "dash": "-\u2013\u2014",
    "hyphen": "-",
    "apostrophe": "'\u2019",
    "quotation mark": '"\u201c\u201d',
    "bracket": "()[]",
}
_MARKS = re.compile(rf"(?<!time )\b({'|'.join(_MARK_NAMES)})(?:e?s)?\b(?! of)", re.IGNORECASE)

# Words in front of a quotation that put the firing on the word that comes next.
_AFTER = re.compile(
    r"\b(?:after|following|follows?)\s+(?:the\s+)?(?:words?\s+|phrases?\s+|marks?\s+)?$"
)
_JOINT = re.compile(r"[\s,;/]*(?:and|or)?\s*(?:the marks?\s*)?$")

Stems = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One or more words that an explanation names; `text` is their spelling.

    `after` says that the next word fires, and not the last of its own.
    """

    stems: Stems
    after: bool = False
    text: str = field(default="", compare=False)

    def fires_at(self, words: Stems) -> list[int]:
        """Return the positions of the words that fire, in a text given as stems."""
        size, shift = len(self.stems), int(self.after)
        return [
            end + shift
            for end in range(size - 1, len(words) - shift)
            if words[end] == self.stems[-1] and words[end - size + 1 : end + 1] == self.stems
        ]


def named(explanation: str) -> tuple[Phrase, ...]:
    """Return what an explanation names, in order and each once.

    That is what it quotes, with `after` where it says that the word after a quotation fires ("the
    word after ..."), and the marks that it calls by their names ("commas"). Where it quotes
    nothing, its content words count too.
    """
    quotations = list(_quotations(explanation))
    outside = _QUOTED.sub(" ", explanation)
    content = [] if quotations else _content(_MARKS.sub(" ", outside))
    return tuple(dict.fromkeys([*quotations, *_marks(outside), *content]))


def _marks(explanation: str) -> Iterator[Phrase]:
    for name in _MARKS.findall(explanation):
        for mark in _MARK_NAMES[name.casefold()]:
            yield Phrase(stems=(stem(mark),), text=mark)


def _content(explanation: str) -> Iterator[Phrase]:
    for text in map(str.casefold, word_texts(explanation)):
        if text[0].isalnum() and text not in _FRAME:
            yield Phrase(stems=(stem(text),), text=text)


def _quotations(explanation: str) -> Iterator[Phrase]:
    after, end = False, 0
    for match in _QUOTED.finditer(explanation):
        lead = explanation[end : match.start()].casefold()
        if end == 0 or not _JOINT.fullmatch(lead):
            after = bool(_AFTER.search(lead))
        end = match.end()
        text = match.group()[1:-1].strip()
        if found := stems(word_texts(text)):
            yield Phrase(stems=found, after=after, text=text)


def stem(word: str) -> str:
    """Return a word case-folded and without one common English ending, if four letters remain.

    Near matches only: "arrest", "arrests", "arrested" and "arresting" are one; "ran" is not "run".
    """
    folded = word.casefold().replace("\u2019", "'").removesuffix("'s")
    for ending in _ENDINGS:
        if folded.endswith(ending) and len(folded) - len(ending) >= 4:
            return folded.removesuffix(ending)
    return folded[:-1] if len(folded) == 4 and folded.endswith("s") else folded


def stems(texts: Iterable[str]) -> Stems:
    """Return the stem of each text."""
    return tuple(stem(text) for text in texts)
