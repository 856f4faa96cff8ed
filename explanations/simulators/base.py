"""What a simulator is: a dialogue that begins from an explanation and ends with activations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Simulated, Unusable

Config = Mapping[str, Any]
Excerpts = Sequence[tuple[str, ...]]
Outcomes = list[Simulated | Unusable]


@dataclass(frozen=True, slots=True)
class Simulator:
    """Predicts activations: one `Simulated` or `Unusable` for each excerpt, in order.

    Values are on the zero_to_ten scale, one for each token. `simulate` reads `default_config` for
    what its configuration leaves out; `simulate_calibrated` applies its setting `calibration`.
    `choices` are the values of settings that have only a few.
    """

    name: str
    version: int
    simulate: Callable[[str, Excerpts, Config], Dialogue[Outcomes]]
    needs: frozenset[Need] = frozenset()
    default_config: dict[str, Any] = field(default_factory=dict)
    choices: dict[str, tuple[str, ...]] = field(default_factory=dict)
