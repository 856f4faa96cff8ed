"""The protocol of a language model backend: a remote server, or a model in this process."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from explanations.methods.requests import Capabilities, LanguageModelRequest
from explanations.methods.values import Unusable

Part = TypeVar("Part")
Result = TypeVar("Result")

NOT_ASKED = Unusable(reason="it was not asked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """What a backend calls while it works; by default it works to the end and reports nothing.

    `on_result(position, outcome)` is called for each part as soon as its outcome is there, in any
    order. `raise_if_stopped` is called again and again; what either raises ends the work, and
    answers that are under way are lost. Both are called in the calling thread and outside any event
    loop, so they may write to a database.

    `may_send` is called, in any thread, before a part is sent to a server. Once it is False nothing
    more is sent, and what is under way is waited for.
    """

    on_result: Callable[[int, Any], None] = lambda _position, _outcome: None
    raise_if_stopped: Callable[[], None] = lambda: None
    may_send: Callable[[], bool] = lambda: True


class Backend(Protocol):
    """One language model. Its methods may be called from several threads."""

    def capabilities(self) -> Capabilities:
        """Return what the model can do, which may take one or two short questions.

        Raises `LookupError` where that cannot be found out.
        """

    def answer(
        self,
        request: LanguageModelRequest[Part, Result],
        callbacks: Callbacks = Callbacks(),
    ) -> tuple[Result | Unusable, ...]:
        """Return the outcome of each of the request's parts, in order; raises for none of them.

        The outcome of a part that was not sent is `NOT_ASKED`, of which no callback hears.
        """
