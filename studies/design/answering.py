"""What a synthetic rater answers to a question of any form: for trying a study out. Pure.

Each way of answering is plausible and noisy: it goes by what the rater could know from a good
explanation (its quality, what is right, what the neuron did), and leans to what is shown first.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, TypeAlias

import numpy as np

from annotation.protocols import PROTOCOLS
from annotation.protocols.asks import Asks
from annotation.protocols.choose import ChoosePayload
from annotation.protocols.compare import TIE, ComparePayload
from annotation.protocols.excerpt import LEVELS, Excerpt
from annotation.protocols.mark import MarkPayload
from annotation.protocols.rank import RankPayload
from annotation.protocols.rate import RatePayload
from annotation.protocols.rubric import Dimension
from annotation.protocols.simulate import SimulatePayload
from annotation.protocols.write import WritePayload
from studies.design.simulated import Behaviour, outcome

Answer: TypeAlias = dict[str, Any]
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


def answer(
    payload: Mapping[str, Any],
    protocol: str,
    *,
    order: Sequence[str],
    known: Known,
    rater: Synthetic,
    ask_confidence: bool = False,
) -> Answer:
    """Return an answer that the protocol takes. `order` holds the option keys as they are shown."""
    form = PROTOCOLS[protocol]
    read = form.read(payload)
    asks = form.asks(read, ask_confidence)
    if asks.cannot_tell and rater.random.random() < rater.behaviour.tie_rate / 2:
        return {"cannot_tell": True}
    own = _OWN[protocol](read, order, known, rater)
    return {**own, **_besides(asks, own, known, rater)}


def _besides(asks: Asks, own: Answer, known: Known, rater: Synthetic) -> Answer:
    """Return how sure the rater is, more so where it is right, and a reason where one must be."""
    said: Answer = {}
    if asks.confidence:
        is_right = known.right is not None and own.get("choice") in known.right
        least = 2 if is_right and rater.random.random() < rater.behaviour.accuracy else 1
        said["confidence"] = int(rater.random.integers(least, 4))
    if asks.reason == "required":
        said["reason"] = "a synthetic rater's reason"
    return said


def _compared(_read: ComparePayload, order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    left, right = order
    nothing = float("nan")
    gap = known.quality.get(left, nothing) - known.quality.get(right, nothing)
    return {"choice": {1: left, -1: right, 0: TIE}[outcome(gap, by.behaviour, by.random)]}


def _ranked(read: RankPayload, order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    liked = by.liking(known, order)
    best_first = sorted(order, key=lambda key: -liked[key])
    if read.best_worst:
        return {"best": best_first[0], "worst": best_first[-1]}
    return {"place": {key: place for place, key in enumerate(best_first, start=1)}}


def _rated(read: RatePayload, order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    liked = by.liking(known, order)
    return {
        "rating": {
            key: {each.key: _point(each, liked[key], by) for each in read.dimensions}
            for key in order
        }
    }


def _point(dimension: Dimension, liked: float, by: Synthetic) -> int:
    """Return the point of a scale nearest to a liking from 0 to 1."""
    values = [point.value for point in dimension.points]
    if dimension.is_slider:
        values = list(range(values[0], values[-1] + 1))
    seen = liked + float(by.random.normal(0, 0.08))
    return values[round(min(max(seen, 0.0), 1.0) * (len(values) - 1))]


def _chosen(_read: ChoosePayload, order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    if known.right is None:
        liked = by.liking(known, order)
        return {"choice": max(order, key=lambda key: liked[key])}
    wrong = [key for key in order if key not in known.right]
    if by.knows(known) or not wrong:
        return {"choice": min(known.right)}
    if by.random.random() < by.behaviour.side_bias:
        return {"choice": wrong[0]}
    return {"choice": wrong[int(by.random.integers(len(wrong)))]}


def _marked(_read: MarkPayload, order: Sequence[str], known: Known, by: Synthetic) -> Answer:
    right = known.right or frozenset()
    return {"marked": sorted(key for key in order if by.knows(known) == (key in right))}


def _simulated(read: SimulatePayload, _o: Sequence[str], known: Known, by: Synthetic) -> Answer:
    """Paint what the neuron did, more faithfully from a better explanation, and some of the rest.

    A rater who knows nothing of the texts paints at random.
    """
    top = max((x for row in known.actual for x in row), default=0.0)
    faith = by.behaviour.accuracy * (0.5 + 0.5 * known.of(ABOUT))
    values = []
    for at, tokens in enumerate(read.texts):
        row = list(known.actual[at]) if at < len(known.actual) else []
        seen = [max(x, 0.0) / top if top > 0 else 0.0 for x in row[: len(tokens)]]
        seen += [0.0] * (len(tokens) - len(seen))
        values.append([_painted(x, faith, by) for x in seen])
    return {"values": values}


def _painted(actual: float, faith: float, by: Synthetic) -> int:
    strong = actual if by.random.random() < faith else 0.0
    stray = float(by.random.random()) if by.random.random() < 0.1 * (1 - faith) else 0.0
    wobble = float(by.random.normal(0, 0.1)) if strong or stray else 0.0
    return round(LEVELS * min(max(strong + stray + wobble, 0.0), 1.0))


def _written(read: WritePayload, _o: Sequence[str], known: Known, by: Synthetic) -> Answer:
    """Name the words that are marked most; a rater who is not attentive names one, if any."""
    marked = Counter[str]()
    for shown in read.stimuli:
        if isinstance(shown, Excerpt):
            for token, level in zip(shown.tokens, shown.levels, strict=True):
                marked[token.strip()] += level
    words = [word for word, level in marked.most_common(4) if word and level]
    named = words[: 3 if by.knows(known) else 1] or ["words of many kinds"]
    text = f"synthetic: it responds to {', '.join(named)}"[: read.longest]
    return {"text": text.ljust(read.shortest, ".")}


_OWN: dict[str, Callable[[Any, Sequence[str], Known, Synthetic], Answer]] = {
    "compare": _compared,
    "rank": _ranked,
    "rate": _rated,
    "choose": _chosen,
    "mark": _marked,
    "simulate": _simulated,
    "write": _written,
}
