"""How a synthetic rater answers: for trying a study out, never for reporting.

Answers are plausible and noisy: they go by what the rater could know from a good explanation (its
quality, what is right, what the neuron did), and lean to what is shown first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

import numpy as np

_SHARE = 0.4
"""The middle of the times that synthetic raters pretend to take, of the pace of the design."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a synthetic rater is like.

    A tie with probability `tie_rate`. Otherwise the higher score is preferred with probability
    `accuracy`, plus `side_bias` where it stands on the left, less where it stands on the right;
    with equal or undefined scores the left with .5 plus `side_bias`.
    """

    accuracy: float = 0.75
    side_bias: float = 0.0
    tie_rate: float = 0.0

    def __post_init__(self) -> None:
        """Raise ValueError that names the parameter at fault."""
        for name in ("accuracy", "tie_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}: {getattr(self, name)} is not from 0 to 1")
        room = min(self.accuracy, 1 - self.accuracy, 0.5)
        if not isfinite(self.side_bias) or abs(self.side_bias) > room + 1e-9:
            raise ValueError(
                f"side_bias: {self.side_bias} leaves the range of -{room:g} to {room:g} that an "
                f"accuracy of {self.accuracy:g} allows"
            )


ABOUT = ""
"""The key under which `Known.quality` has the explanation that the whole question is about."""
_MIDDLING = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What stands behind a question.

    `quality` of explanations by option key, from 0 to 1, nan where nobody knows. `right` are the
    keys of the right options, None where no answer is right. `actual` has an activation for each
    token of each text, on any scale.
    """

    quality: Mapping[str, float] = field(default_factory=dict)
    right: frozenset[str] | None = None
    actual: Sequence[Sequence[float]] = ()

    def of(self, key: str) -> float:
        """Return an explanation's quality; half way where nobody knows."""
        quality = self.quality.get(key, _MIDDLING)
        return quality if isfinite(quality) else _MIDDLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Synthetic:
    """One synthetic rater: how it behaves, what it draws, and how mild it is (0 for the usual)."""

    behaviour: Behaviour
    random: np.random.Generator
    mildness: float = 0.0

    def liking(self, known: Known, order: Sequence[str]) -> dict[str, float]:
        """Return how well each option pleases, around 0 to 1; the first shown has a bonus."""
        noise = self.random.normal(self.mildness, 1 - self.behaviour.accuracy, len(order))
        liked = {key: known.of(key) + float(x) for key, x in zip(order, noise, strict=True)}
        if order:
            liked[order[0]] += self.behaviour.side_bias
        return liked

    def knows(self, known: Known) -> bool:
        """Tell whether this question is answered from knowledge; a good explanation helps."""
        helped = self.behaviour.accuracy * (0.75 + 0.5 * known.of(ABOUT))
        return bool(self.random.random() < min(helped, 1.0))


def outcome(
    score_gap: float, behaviour: Behaviour, random: np.random.Generator, *, ties: bool = True
) -> int:
    """Return +1 for the left, -1 for the right, 0 for a tie; `score_gap` is left less right."""
    if random.random() < behaviour.tie_rate and ties:
        return 0
    if not isfinite(score_gap) or score_gap == 0:
        left = 0.5
    else:
        left = behaviour.accuracy if score_gap > 0 else 1 - behaviour.accuracy
    return 1 if random.random() < left + behaviour.side_bias else -1


def seconds(random: np.random.Generator, *, pace: float) -> float:
    """Return a time to answer in, log-normal as people's are, at a design's `pace` in seconds."""
    return round(float(random.lognormal(np.log(_SHARE * pace), 0.5)), 1)
