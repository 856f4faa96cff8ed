"""What declares a protocol: one object with all that the rest of the app asks of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from annotation.protocols.asks import AnswerError, Asks, FullAnswer, read_full_answer
from annotation.protocols.payload import Payload
from annotation.protocols.record import Record

Stored = Mapping[str, Any]
"""An answer as its judgment stores it."""
Known = Callable[[Stored], bool]
"""Tells whether a stored answer is right; "cannot tell" never is."""
P = TypeVar("P", bound=Payload)


def gettext_noop(text: str) -> str:
    """Mark a text for translation, as Django's function of this name: protocols know no Django."""
    return text


class Key(NamedTuple):
    """A line in the list of keys: what to press, and what it does (to be translated)."""

    press: tuple[str, ...]
    does: str


def _not_one(_answer: Stored) -> None:
    return None


def _no_ratings(_answer: Stored) -> Sequence[int]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol(Generic[P]):
    """A way to ask a question. Its page is `templates/annotation/<name>.html`.

    `fields` are the answer's own. `parse(payload, data)` checks them, as JSON or as a form sends
    them, and raises `AnswerError`; `faults` has for each field that it may name what the rater
    reads. `read_gold(payload, data)` reads a gold item's known answer; ValueError if it is not
    about what is shown. `keys` lists the keys that answer a question.

    The checks of raters ask how similar two stored answers to one item are, from 0 to 1 (None if
    they cannot be compared), for the option chosen, and for the ratings given on a page.
    """

    name: str
    payload: type[P]
    fields: tuple[str, ...]
    parse: Callable[[P, Mapping[str, object]], Record]
    read_gold: Callable[[P, object], Known]
    faults: Mapping[str, str]
    keys: Callable[[P], Sequence[Key]]
    similarity: Callable[[Stored, Stored], float | None]
    choice: Callable[[Stored], str | None] = _not_one
    ratings: Callable[[Stored], Sequence[int]] = _no_ratings
    confidence_keys: tuple[str, str, str] = ("J", "K", "L")

    @property
    def template(self) -> str:
        """The page that asks the question."""
        return f"annotation/{self.name}.html"

    def read(self, data: object) -> P:
        """Return the payload; ValueError for anything that is not exactly one of this version."""
        return self.payload.from_json(data)

    def asks(self, payload: P, ask_confidence: bool) -> Asks:
        """Return what else is asked; confidence also where the whole batch asks for it."""
        return payload.asks.with_confidence(ask_confidence)

    def parse_answer(
        self, payload: P, data: Mapping[str, object], ask_confidence: bool
    ) -> FullAnswer[Record]:
        """Check a whole answer, numbers as numbers or as the text that a form sends.

        Raises `AnswerError`, which names the field at fault, for anything outside the schema.
        """

        def own(data: Mapping[str, object]) -> Record:
            return self.parse(payload, data)

        return read_full_answer(data, self.asks(payload, ask_confidence), self.fields, own)


def sent_number(data: object, field: str, low: int, high: int) -> int:
    """Return a whole number that was answered, as such or as the text that a form sends."""
    digits = data.strip() if isinstance(data, str) else data
    if isinstance(digits, str) and digits.isascii() and digits.isdigit() and len(digits) < 5:
        digits = int(digits)
    if not isinstance(digits, int) or isinstance(digits, bool) or not low <= digits <= high:
        raise AnswerError(field, f"is not a whole number from {low} to {high}")
    return digits
