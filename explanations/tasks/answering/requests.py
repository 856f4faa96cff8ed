"""A request on its way, and what it is answered with."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from explanations.methods.requests import Ask, Given, Passage, Read, Request, Weigh
from explanations.methods.values import Prompt, Unusable
from explanations.models import Target
from explanations.services.leases import Cost

Question = Prompt | Passage | Given
"""What a language model is asked one of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a target's dialogue asks for; `neuron` is the primary key of the one it is about.

    `place` is how many questions it put to the language model before.
    """

    target: Target
    neuron: int
    request: Request
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """The reply as the request says it looks, and what it took."""

    reply: Any
    cost: Cost = field(default_factory=Cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """No reply: the target fails with `failure`, or without one is handed back as it is."""

    failure: Unusable | None = None


def questions(request: Request | None) -> Sequence[Question]:
    """Return what a request puts to the language model, one by one."""
    if isinstance(request, Ask):
        return request.prompts
    if isinstance(request, Weigh):
        return request.texts
    return request.passages if isinstance(request, Read) else ()
