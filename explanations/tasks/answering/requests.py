"""A request of a target's dialogue, and the reply to it."""

from dataclasses import dataclass, field
from typing import Any

from explanations.methods.requests import Request
from explanations.methods.values import Unusable
from explanations.models import Target
from explanations.services.leases import Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRequest:
    """A request that waits for a reply; `neuron` is the primary key of the one it is about.

    `ordinal` is how many questions its target put to the language model before.
    """

    target: Target
    neuron: int
    request: Request[Any]
    ordinal: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reply:
    """The reply, of the type that the request names, and what it cost."""

    value: Any
    cost: Cost = field(default_factory=Cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoReply:
    """No reply: the target fails with `failure`, or without one is handed back as it is."""

    failure: Unusable | None = None
