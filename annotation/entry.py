"""A rater's way in and out, as a batch sets it: check, practice, breaks, codes. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.protocols.base import QuestionForm, integer, one_of, record, sequence, text, truth

TRIES = 2
RECRUITERS = ("", "prolific")
CODES = ("completed", "screened_out", "no_consent")
READING_SECONDS = 20
"""How long who is asked no more has to read why, before a page leads back by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A question about the instructions; `right` is the place of the right option, from 0."""

    question: str
    options: tuple[str, ...]
    right: int

    @classmethod
    def from_json(cls, data: object) -> "Check":
        """Read `{"question", "options", "right"}`; ValueError names what is wrong."""
        fields = record(data, ("question", "options", "right"), "a check")
        options = tuple(text(each, "an option") for each in sequence(fields["options"], "options"))
        right = integer(fields["right"], "right")
        if len(options) < 2 or not 0 <= right < len(options):
            raise ValueError("a check has two options or more, and right is the place of one")
        return cls(question=text(fields["question"], "a check"), options=options, right=right)

    def to_json(self) -> dict[str, Any]:
        """Return what `from_json` reads."""
        return {"question": self.question, "options": list(self.options), "right": self.right}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A question to practise on; `gold`, if any, is its known answer, and `why` is said after."""

    payload: Mapping[str, Any]
    gold: Mapping[str, Any] | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What stands before the first question and after the last.

    `break_after` is the number of questions after which a break is hinted at; 0 never. `codes` are
    what a recruiter is told, by `CODES`; with `leads_back` pages go there by themselves.
    """

    checks: tuple[Check, ...] = ()
    practice: tuple[Trial, ...] = ()
    break_after: int = 0
    recruiter: str = ""
    codes: Mapping[str, str]
    leads_back: bool = False

    def passed(self, answers: Sequence[int | None]) -> bool:
        """Return whether all of the checks are answered rightly."""
        return list(answers) == [check.right for check in self.checks]

    def way_out(self, code: str) -> str:
        """Return the recruiter's address for a code; empty without one."""
        known = self.codes.get(code, "")
        if not known or self.recruiter != "prolific":
            return ""
        return f"https://app.prolific.com/submissions/complete?cc={known}"

    def leaves_after(self, code: str) -> int | None:
        """Return after how many seconds a page goes there by itself; None where it does not.

        At once after the last answer, which somebody pressed a button for; else there is something
        to read.
        """
        if not self.leads_back or not self.way_out(code):
            return None
        return 0 if code == "completed" else READING_SECONDS


def read_entry(data: object, form: QuestionForm[Any]) -> Entry:
    """Read a batch's entry; an empty object stands for none. ValueError names what is wrong."""
    optional = ("checks", "practice", "break_after", "recruiter", "codes", "leads_back")
    fields = record(data, (), "entry", optional=optional)
    codes = record(fields.get("codes", {}), (), "codes", optional=CODES)
    if bad := [code for code in codes.values() if not isinstance(code, str) or not code.isalnum()]:
        raise ValueError(f"codes: {bad[0]!r} is not of letters and digits alone")
    break_after = integer(fields.get("break_after", 0), "break_after")
    if break_after < 0:
        raise ValueError("break_after is 0 or more")
    return Entry(
        checks=tuple(map(Check.from_json, sequence(fields.get("checks", []), "checks"))),
        practice=tuple(
            _trial(each, form) for each in sequence(fields.get("practice", []), "practice")
        ),
        break_after=break_after,
        recruiter=one_of(fields.get("recruiter", ""), RECRUITERS, "recruiter"),
        codes=codes,
        leads_back=truth(fields.get("leads_back", False), "leads_back"),
    )


def _trial(data: object, form: QuestionForm[Any]) -> Trial:
    fields = record(data, ("payload", "why"), "a practice question", optional=("gold",))
    payload = form.read(fields["payload"])
    if getattr(payload, "probe", False):
        raise ValueError("a practice question tries nothing: no unit stands behind it")
    gold = fields.get("gold")
    if gold is not None:
        form.read_gold(payload, gold)
    return Trial(payload=payload.to_json(), gold=gold, why=text(fields["why"], "why"))
