"""The base of simulators: dialogues that begin with an explanation and end with activations."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explanations.methods.base import BuiltInMethod, Settings
from explanations.methods.requests import Dialogue
from explanations.methods.values import Simulated, Unusable

Excerpts = Sequence[tuple[str, ...]]
Outcomes = list[Simulated | Unusable]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatorSettings(Settings):
    """Settings of every simulator; `simulate_calibrated` applies `calibration`."""

    calibration: str = "none"


@dataclass(frozen=True, kw_only=True)
class Simulator(BuiltInMethod):
    """Predicts activations: one `Simulated` or `Unusable` for each excerpt, in order.

    Values are on the zero_to_ten scale, one for each token. `run` is given the explanation, the
    tokens of excerpts and an instance of `settings`.
    """

    run: Callable[[str, Excerpts, Any], Dialogue[Outcomes]]

    def simulate(
        self, explanation: str, excerpts: Excerpts, config: Mapping[str, Any]
    ) -> Dialogue[Outcomes]:
        """Return the dialogue that simulates excerpts under a stored configuration."""
        return self.run(explanation, excerpts, self.settings.of(config))
