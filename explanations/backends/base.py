"""Who answers a language model's questions: one protocol, a server far away or a model in here."""

from collections.abc import Callable, Sequence
from typing import Protocol

from explanations.methods.requests import Abilities, Foreseen, Given, Passage, Weighed
from explanations.methods.values import Answer, Prompt, Unusable

Replied = Answer | Unusable
Reading = Foreseen | Unusable
Weighing = Weighed | Unusable

UNASKED = Unusable(reason="it was not asked")


def untold(_position: int, _outcome: object) -> None:
    """Let an outcome pass: for who needs none before all are there."""


def unhurried() -> None:
    """Let the work go on."""


def unlimited() -> bool:
    """Let another question be asked."""
    return True


class Backend(Protocol):
    """One language model.

    `complete`, `read` and `weigh` give an outcome for each of what they are asked, in order, and
    never raise for one. `tell(position, outcome)` is called for each as soon as it is there, in
    whatever order they come. `check` is called again and again while they work; what either raises
    ends the work, and answers that are under way are lost. Both are called in the calling thread
    and outside any event loop, so they may write to a database.

    `more` is called, in any thread, before a question is asked of a server: once it is False none
    is asked any more, and those under way are waited for. What `tell` was told counts by then. The
    outcome of a question that was not asked is `UNASKED`, of which `tell` is not told.

    `abilities` finds out what the model can do, which may take one or two short questions, and
    raises `LookupError` where that cannot be found out. All may be called from several threads.
    """

    def abilities(self) -> Abilities:
        """Return what the model can do."""

    def complete(
        self,
        prompts: Sequence[Prompt],
        tell: Callable[[int, Replied], None] = untold,
        check: Callable[[], None] = unhurried,
        more: Callable[[], bool] = unlimited,
    ) -> list[Replied]:
        """Answer questions."""

    def read(
        self,
        passages: Sequence[Passage],
        tell: Callable[[int, Reading], None] = untold,
        check: Callable[[], None] = unhurried,
        more: Callable[[], bool] = unlimited,
    ) -> list[Reading]:
        """Read passages."""

    def weigh(
        self,
        texts: Sequence[Given],
        tell: Callable[[int, Weighing], None] = untold,
        check: Callable[[], None] = unhurried,
        more: Callable[[], bool] = unlimited,
    ) -> list[Weighing]:
        """Weigh texts."""
