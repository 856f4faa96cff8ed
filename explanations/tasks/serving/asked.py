"""A request on its way, and what it is answered with."""

from dataclasses import dataclass, field
from typing import Any

from explanations import services
from explanations.dialogue import Request
from explanations.models import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a target's dialogue asks for; `neuron` is the primary key of the one it is about."""

    target: Target
    neuron: int
    request: Request


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Served:
    """The reply as the request says it looks, and what it took."""

    reply: Any
    cost: services.Cost = field(default_factory=services.Cost)
