"""Held-out evidence of a made-up neuron that fires on fish, for tests of scorers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from explanations.methods.values import Evidence, HeldOut, Scored, Unusable
from explanations.records import NeuronRef, RecordKind, Scale, TokenActivations
from explanations.scorers import SCORERS
from tests.explanations.dialogues import Replies, carried_on


def excerpt(text: str, values: Sequence[float], scale: Scale = Scale.RAW) -> TokenActivations:
    """Return a text's words as tokens, a space behind each, with their activations."""
    tokens = tuple(f"{word} " for word in text.split())
    return TokenActivations(tokens=tokens, activations=np.array(values, "f4"), scale=scale)


def firing(pk: int, kind: RecordKind = RecordKind.TOP) -> HeldOut:
    """Return a record of five words of which the third, a fish, fires."""
    text = f"a{pk} red fish{pk} swims b{pk}"
    return HeldOut(record=pk, kind=kind, actual=excerpt(text, [0, 0, 9, 0, 0]))


def silent(pk: int) -> HeldOut:
    """Return a random record of five words of which none fires."""
    text = f"c{pk} warm loaf{pk} of bread{pk}"
    return HeldOut(record=pk, kind=RecordKind.RANDOM, actual=excerpt(text, [0, 0.5, 0, -3, 0]))


def evidence(*records: HeldOut, explanation: str = "fish", **values: Any) -> Evidence:
    """Return evidence about a neuron whose maximum is 10: levels are raw values rounded down."""
    return Evidence(
        **{
            "explanation": explanation,
            "neuron": NeuronRef(layer=0, index=0),
            "maximum": 10.0,
            "mean": None,
            "records": records,
            **values,
        }
    )


def fish_and_bread(fires: int = 8, stays_silent: int = 4) -> Evidence:
    """Return records that fire, by turns top and quantile, numbered from 1, and silent ones."""
    kinds = (RecordKind.TOP, RecordKind.QUANTILE)
    return evidence(
        *(firing(pk, kinds[pk % 2]) for pk in range(1, fires + 1)),
        *(silent(pk) for pk in range(101, 101 + stays_silent)),
    )


def outcome(
    name: str, of: Evidence, replies: Replies | None = None, seed: int = 0, **config: Any
) -> Scored | Unusable:
    """Carry a scorer's dialogue on to its end."""
    return carried_on(SCORERS[name].score(of, {**config, "seed": seed}), replies)


def score(
    name: str, of: Evidence, replies: Replies | None = None, seed: int = 0, **config: Any
) -> Scored:
    """Return a score, defined or not."""
    ended = outcome(name, of, replies, seed, **config)
    assert isinstance(ended, Scored), ended
    return ended
