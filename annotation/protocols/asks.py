"""What any question may ask besides its own: how sure, why, and whether one can tell at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, Protocol, TypeVar

Confidence = Literal[1, 2, 3]
Wanted = Literal["no", "optional", "required"]

WANTED: tuple[Wanted, ...] = ("no", "optional", "required")
MAX_REASON_LENGTH = 2000


class AnswerError(ValueError):
    """An answer that its protocol refuses; `field` names the part at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class _Own(Protocol):
    def to_json(self) -> dict[str, Any]: ...


A = TypeVar("A", bound=_Own, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What is asked besides: confidence, a reason in words, and whether "cannot tell" is offered.

    A question can be skipped with a reason in any case: that is no answer.
    """

    confidence: bool = False
    reason: Wanted = "no"
    cannot_tell: bool = False

    def with_confidence(self, asked: bool) -> "Asks":
        """Return the same, with confidence asked for if it is asked for here or there."""
        return replace(self, confidence=self.confidence or asked)

    def to_json(self) -> dict[str, Any]:
        """Return what is asked, leaving out what is not."""
        reason = {} if self.reason == "no" else {"reason": self.reason}
        flags = {"confidence": self.confidence, "cannot_tell": self.cannot_tell}
        return {**{name: True for name, asked in flags.items() if asked}, **reason}

    @classmethod
    def from_json(cls, data: object) -> "Asks":
        """Read what `to_json` wrote; ValueError for anything else."""
        if not isinstance(data, dict):
            raise ValueError("asks is not an object")
        if unknown := sorted(map(str, data.keys() - {"confidence", "reason", "cannot_tell"})):
            raise ValueError(f"asks has the unknown field {unknown[0]!r}")
        if data.get("reason", "no") not in WANTED:
            raise ValueError(f"asks: reason is none of {', '.join(WANTED)}")
        for name in ("confidence", "cannot_tell"):
            if not isinstance(data.get(name, False), bool):
                raise ValueError(f"asks: {name} is not true or false")
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(Generic[A]):
    """A whole answer. `own` is None exactly when the rater cannot tell."""

    own: A | None
    confidence: Confidence | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores."""
        own = {"cannot_tell": True} if self.own is None else self.own.to_json()
        reason = {"reason": self.reason} if self.reason else {}
        return {**own, "confidence": self.confidence, **reason}


def read_given(
    data: Mapping[str, object],
    asks: Asks,
    fields: tuple[str, ...],
    own: Callable[[Mapping[str, object]], A],
) -> Given[A]:
    """Check what any answer may hold, and let `own` read the rest, which is in `fields`.

    Who cannot tell is asked for nothing else. Raises `AnswerError`.
    """
    if unknown := sorted(data.keys() - {*fields, "confidence", "reason", "cannot_tell"}):
        raise AnswerError(unknown[0], "is not part of the answer")
    if _cannot_tell(data.get("cannot_tell"), asks):
        reason = _reason(data.get("reason"), replace(asks, reason=_at_most_optional(asks)))
        return Given(own=None, reason=reason)
    return Given(
        own=own({name: data[name] for name in fields if name in data}),
        confidence=_confidence(data.get("confidence"), asked=asks.confidence),
        reason=_reason(data.get("reason"), asks),
    )


def _at_most_optional(asks: Asks) -> Wanted:
    return "no" if asks.reason == "no" else "optional"


def _cannot_tell(data: object, asks: Asks) -> bool:
    if data in (None, "", False):
        return False
    if not asks.cannot_tell:
        raise AnswerError("cannot_tell", "was not offered")
    if data not in (True, "1"):
        raise AnswerError("cannot_tell", "is true or absent")
    return True


def _confidence(data: object, *, asked: bool) -> Confidence | None:
    if not asked:
        if data is not None:
            raise AnswerError("confidence", "was not asked for")
        return None
    levels: dict[str, Confidence] = {"1": 1, "2": 2, "3": 3}
    if isinstance(data, bool) or str(data) not in levels:
        raise AnswerError("confidence", "is 1, 2 or 3")
    return levels[str(data)]


def _reason(data: object, asks: Asks) -> str:
    if data is not None and not isinstance(data, str):
        raise AnswerError("reason", "is not text")
    said = (data or "").replace("\r\n", "\n").strip()
    if said and asks.reason == "no":
        raise AnswerError("reason", "was not asked for")
    if not said and asks.reason == "required":
        raise AnswerError("reason", "is missing")
    if len(said) > MAX_REASON_LENGTH or "\0" in said:
        raise AnswerError("reason", f"has more than {MAX_REASON_LENGTH} characters, or a null one")
    return said
