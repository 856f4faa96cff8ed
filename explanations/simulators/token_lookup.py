"""Predicts firing on the words that an explanation names, and none elsewhere.

No language model. It reads any explanation: quoted words and phrases where there are some, else
the content words. A phrase fires on its last word. Its known failure: an explanation of meaning
("words about the sea") that names no example predicts almost nothing.
"""

from typing import Any

import numpy as np

from explanations.methods.requests import as_dialogue
from explanations.methods.values import Simulated
from explanations.records import words
from explanations.simulators.base import Config, Excerpts, Outcomes, Simulator
from explanations.simulators.calibration import KINDS
from explanations.simulators.keywords import Phrase, named, stems

DEFAULTS: dict[str, Any] = {"first": 5.0, "last": 2.0, "calibration": "none"}


def simulate(explanation: str, excerpts: Excerpts, config: Config) -> Outcomes:
    """Give `first` to what is named first, down to `last` in equal steps to what is named last."""
    settings = {**DEFAULTS, **config}
    phrases = named(explanation)
    levels = np.linspace(settings["first"], settings["last"], len(phrases)).tolist()
    return [_on(tokens, list(zip(phrases, levels, strict=True))) for tokens in excerpts]


def _on(tokens: tuple[str, ...], named_levels: list[tuple[Phrase, float]]) -> Simulated:
    values = np.zeros(len(tokens), dtype=np.float32)
    spoken = words(tokens)
    said = stems(word.text for word in spoken)
    for phrase, level in named_levels:
        for at in phrase.fires_at(said):
            pieces = slice(spoken[at].start, spoken[at].stop)
            values[pieces] = np.maximum(values[pieces], level)
    return Simulated(values=values)


SIMULATOR = Simulator(
    name="token_lookup",
    version=1,
    simulate=as_dialogue(simulate),
    default_config=DEFAULTS,
    choices={"calibration": KINDS},
)
