"""Simulators: one module each, registered here by name."""

from explanations.simulators import embedding, llm, token_lookup
from explanations.simulators.base import Simulator

SIMULATORS: dict[str, Simulator] = {
    simulator.name: simulator
    for simulator in (
        token_lookup.SIMULATOR,
        embedding.SIMULATOR,
        llm.SIMULATOR,
    )
}

__all__ = ["SIMULATORS", "Simulator"]
