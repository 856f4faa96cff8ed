"""Predicts firing on the words that an explanation names, and none elsewhere.

No language model. It reads any explanation: quoted words and phrases where there are some, else the
content words. A phrase fires on its last word. Known failure: an explanation of meaning ("words
about the sea") that names no example predicts almost nothing.
"""

from dataclasses import dataclass

import numpy as np

from explanations.methods.requests import as_dialogue
from explanations.methods.values import Simulated
from explanations.records import words
from explanations.simulators.base import Excerpts, Outcomes, Simulator, SimulatorSettings
from explanations.simulators.calibration import KINDS
from explanations.simulators.keywords import Phrase, named, stems


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenLookupSettings(SimulatorSettings):
    """The activations that the first and the last named word get."""

    first: float = 5.0
    last: float = 2.0


def simulate(explanation: str, excerpts: Excerpts, settings: TokenLookupSettings) -> Outcomes:
    """Return `first` for what is named first, in equal steps down to `last` for the last."""
    phrases = named(explanation)
    levels = np.linspace(settings.first, settings.last, len(phrases)).tolist()
    return [_on(tokens, list(zip(phrases, levels, strict=True))) for tokens in excerpts]


def _on(tokens: tuple[str, ...], named_levels: list[tuple[Phrase, float]]) -> Simulated:
    values = np.zeros(len(tokens), dtype=np.float32)
    own = words(tokens)
    text = stems(word.text for word in own)
    for phrase, level in named_levels:
        for index in phrase.fires_at(text):
            pieces = slice(own[index].start, own[index].stop)
            values[pieces] = np.maximum(values[pieces], level)
    return Simulated(values=values)


SIMULATOR = Simulator(
    name="token_lookup",
    version=1,
    run=as_dialogue(simulate),
    settings=TokenLookupSettings,
    choices={"calibration": KINDS},
)
