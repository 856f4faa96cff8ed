"""What any question may also ask: how sure, why, and whether one can tell at all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pydantic import StrictBool

from annotation.protocols.record import Record

Confidence = Literal[1, 2, 3]
MAX_REASON_LENGTH = 2000


class AnswerError(ValueError):
    """An answer that its protocol refuses; `field` names the part at fault."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


A = TypeVar("A", bound=Record, covariant=True)


class Asks(Record):
    """What else is asked: confidence, a reason in words, and whether "cannot tell" is offered.

    A question can be skipped with a reason in any case: that is no answer.
    """

    confidence: StrictBool = False
    reason: Literal["no", "optional", "required"] = "no"
    cannot_tell: StrictBool = False

    def with_confidence(self, asked: bool) -> "Asks":
        """Return the same, with confidence asked for if it is asked for here or there."""
        return self.model_copy(update={"confidence": self.confidence or asked})


@dataclass(frozen=True, slots=True, kw_only=True)
class FullAnswer(Generic[A]):
    """A whole answer. `own` is None exactly when the rater cannot tell."""

    own: A | None
    confidence: Confidence | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what a judgment stores."""
        own = {"cannot_tell": True} if self.own is None else self.own.to_json()
        reason = {"reason": self.reason} if self.reason else {}
        return {**own, "confidence": self.confidence, **reason}


def read_full_answer(
    data: Mapping[str, object],
    asks: Asks,
    fields: tuple[str, ...],
    own: Callable[[Mapping[str, object]], A],
) -> FullAnswer[A]:
    """Check what any answer may hold, and let `own` read the rest, which is in `fields`.

    A rater who cannot tell is asked for nothing else. Raises `AnswerError`.
    """
    if unknown := sorted(data.keys() - {*fields, "confidence", "reason", "cannot_tell"}):
        raise AnswerError(unknown[0], "is not part of the answer")
    if _cannot_tell(data.get("cannot_tell"), asks):
        return FullAnswer(own=None, reason=_reason(data.get("reason"), asks, needed=False))
    return FullAnswer(
        own=own({name: data[name] for name in fields if name in data}),
        confidence=_confidence(data.get("confidence"), asked=asks.confidence),
        reason=_reason(data.get("reason"), asks, needed=asks.reason == "required"),
    )


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


def _reason(data: object, asks: Asks, *, needed: bool) -> str:
    if data is not None and not isinstance(data, str):
        raise AnswerError("reason", "is not text")
    reason = (data or "").replace("\r\n", "\n").strip()
    if reason and asks.reason == "no":
        raise AnswerError("reason", "was not asked for")
    if not reason and needed:
        raise AnswerError("reason", "is missing")
    if len(reason) > MAX_REASON_LENGTH or "\0" in reason:
        raise AnswerError("reason", f"has more than {MAX_REASON_LENGTH} characters, or a null one")
    return reason
