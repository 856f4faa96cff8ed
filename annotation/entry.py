"""What comes before a rater's first question and after the last, as a batch sets it. Pure."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StrictBool, StrictInt, StrictStr, model_validator

from annotation.protocols.base import Protocol
from annotation.protocols.record import Record

TRIES = 2
Outcome = Literal["completed", "screened_out", "no_consent"]
READING_SECONDS = 20
"""How long a page that says why nothing more is asked stays before it redirects by itself."""


class Check(Record):
    """A question about the instructions; `right` is the index of the right option, from 0."""

    question: StrictStr
    options: Annotated[tuple[StrictStr, ...], Field(min_length=2)]
    right: Annotated[StrictInt, Field(ge=0)]

    @model_validator(mode="after")
    def _right_is_an_option(self) -> Self:
        if self.right >= len(self.options):
            raise ValueError("right is the index of an option")
        return self


class Trial(Record):
    """A question to practice on; `gold`, if any, is its known answer; `why` is shown afterwards."""

    payload: Mapping[str, Any]
    gold: Mapping[str, Any] | None = None
    why: StrictStr


def _alphanumeric(code: str) -> str:
    if not code.isalnum():
        raise ValueError(f"{code!r} has other characters than letters and digits")
    return code


Code = Annotated[StrictStr, AfterValidator(_alphanumeric)]


class Entry(Record):
    """What comes before the first question and after the last.

    `break_after` is the number of questions after which a break is suggested; 0 never. `codes` are
    the recruiter's completion codes; with `leads_back` pages redirect there by themselves.
    """

    checks: tuple[Check, ...] = ()
    practice: tuple[Trial, ...] = ()
    break_after: Annotated[StrictInt, Field(ge=0)] = 0
    recruiter: Literal["", "prolific"] = ""
    codes: Mapping[Outcome, Code] = Field(default_factory=dict)
    leads_back: StrictBool = False

    def passed(self, answers: Sequence[int | None]) -> bool:
        """Return whether all of the checks are answered correctly."""
        return list(answers) == [check.right for check in self.checks]

    def redirect_url(self, outcome: Outcome) -> str:
        """Return the recruiter's address for an outcome; empty without a code."""
        code = self.codes.get(outcome, "")
        if not code or self.recruiter != "prolific":
            return ""
        return f"https://app.prolific.com/submissions/complete?cc={code}"

    def redirect_after(self, outcome: Outcome) -> int | None:
        """Return after how many seconds a page redirects there by itself; None if it does not.

        At once after the last answer, which somebody pressed a button for; else there is something
        to read.
        """
        if not self.leads_back or not self.redirect_url(outcome):
            return None
        return 0 if outcome == "completed" else READING_SECONDS


def read_entry(data: object, protocol: Protocol[Any]) -> Entry:
    """Read a batch's entry; an empty object is valid. ValueError names what is wrong."""
    entry = Entry.from_json(data)
    for trial in entry.practice:
        payload = protocol.read(trial.payload)
        if getattr(payload, "probe", False):
            raise ValueError("a practice question has no unit to try a text on: leave out probe")
        if trial.gold is not None:
            protocol.read_gold(payload, trial.gold)
    return entry
