"""What a scorer is: simulated against actual activations, to a number or the reason for none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from explanations.exchange import Scored
from explanations.records import TokenActivations


@dataclass(frozen=True, slots=True)
class Scorer:
    """Compares simulated with actual activations of the same excerpts, pooled over their tokens.

    `score` takes both on the zero_to_ten scale, in the same order, and raises `ValueError` where
    scales or tokens differ. `Scored.n` counts tokens.
    """

    name: str
    version: int
    score: Callable[[Sequence[TokenActivations], Sequence[TokenActivations]], Scored]
    default_config: dict[str, Any] = field(default_factory=dict)
