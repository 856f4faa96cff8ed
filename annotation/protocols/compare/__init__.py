"""Two explanations next to each other: the first, the second, or a tie."""

from collections.abc import Mapping, Sequence
from typing import Self

from pydantic import StrictBool, StrictStr, model_validator

from annotation.protocols.asks import AnswerError
from annotation.protocols.base import Key, Known, Protocol, sent_number
from annotation.protocols.base import gettext_noop as _
from annotation.protocols.choose import ChooseAnswer, same_choice
from annotation.protocols.options import TIE, OptionsPayload, chosen, known_key
from annotation.protocols.record import Record

STRENGTHS = 3


class ComparePayload(OptionsPayload):
    """What a rater is shown. `strength` asks how much better the better one fits, from 1 to 3.

    `forced_choice` leaves out the tie; `both_bad` offers, next to the tie, that neither fits.
    """

    forced_choice: StrictBool = False
    strength: StrictBool = False
    both_bad: StrictBool = False

    @model_validator(mode="after")
    def _of_two_texts(self) -> Self:
        self.require_stimuli()
        if len(self.options) != 2:
            raise ValueError(f"a comparison has 2 options, not {len(self.options)}")
        self.require_texts(2)
        if self.both_bad and self.forced_choice:
            raise ValueError("both_bad is a kind of tie, which forced_choice leaves out")
        return self

    @property
    def choices(self) -> tuple[str, ...]:
        """The answers that are offered."""
        return self.keys if self.forced_choice else (*self.keys, TIE)


class CompareAnswer(Record):
    """The key of the option that fits better, or `TIE`; a tie may be one of two that do not fit.

    `strength` is 1 (slightly) to 3 (by far), where it is asked and one fits better.
    """

    choice: StrictStr
    strength: int | None = None
    both_bad: bool = False


def parse(payload: ComparePayload, data: Mapping[str, object]) -> CompareAnswer:
    """Check an answer `{"choice": key | "tie", "strength": 1 | 2 | 3, "both_bad": true}`.

    A form sends both that are bad as the choice "both_bad": it is stored as a tie of that kind.
    """
    both_bad = data.get("choice") == "both_bad" or data.get("both_bad") is True
    if both_bad and not payload.both_bad:
        raise AnswerError("choice", "cannot be that both are bad")
    if both_bad and data.get("choice") not in ("both_bad", TIE):
        raise AnswerError("choice", "is a tie if both are bad")
    choice = TIE if both_bad else chosen(data.get("choice"), payload.choices, "choice")
    strength = _strength(payload, data.get("strength"), is_tie=choice == TIE)
    return CompareAnswer(choice=choice, strength=strength, both_bad=both_bad)


def _strength(payload: ComparePayload, data: object, *, is_tie: bool) -> int | None:
    if not payload.strength:
        if data is not None:
            raise AnswerError("strength", "was not asked for")
        return None
    # A form without script still sends what was marked before the tie was chosen.
    return None if is_tie else sent_number(data, "strength", 1, STRENGTHS)


def read_gold(payload: ComparePayload, data: object) -> Known:
    """Read `{"choice": key | "tie"}`: the choice that is right."""
    right = known_key(ChooseAnswer.from_json(data).choice, payload.choices, "the known choice")
    return lambda answer: answer.get("choice") == right


def _keys(payload: ComparePayload) -> Sequence[Key]:
    offered = {
        Key(("1", "2"), _("A fits better, B fits better")): True,
        Key(("0",), _("Both fit equally well (or badly)")): not (
            payload.forced_choice or payload.both_bad
        ),
        Key(("0",), _("Both fit equally well")): payload.both_bad,
        Key(("3",), _("Neither fits at all")): payload.both_bad,
        Key(("4", "5", "6"), _("How much better it fits, from slightly to by far")): (
            payload.strength
        ),
    }
    return [key for key, is_offered in offered.items() if is_offered]


COMPARE = Protocol(
    name="compare",
    payload=ComparePayload,
    fields=("choice", "strength", "both_bad"),
    parse=parse,
    read_gold=read_gold,
    faults={
        "choice": _("Choose one of the answers first."),
        "strength": _("Say how much better it fits."),
    },
    keys=_keys,
    similarity=same_choice,
    choice=lambda answer: answer.get("choice"),
    # 1 to 6 are taken.
    confidence_keys=("7", "8", "9"),
)
