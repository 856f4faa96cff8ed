"""The best of several candidates, by how well a simulator predicts the neuron from each.

The first candidate is that of `token_activation`. The others are drawn at a temperature from other
high excerpts. Each is scored by the correlation of simulated with actual activations, pooled over
the tokens of records of the select split. No prompt shows those, and the reported score is another
one, on records of the score split.

Source of the idea: Bills et al. (2023), who let a simulator rank explanations.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from explanations.explainers import parse_explanation, token_activation
from explanations.explainers.base import Explainer, Want
from explanations.explainers.prompt_format import spread
from explanations.methods.requests import Dialogue, Generate, Need, gather, send
from explanations.methods.values import Explained, Material, Prompt, Simulated, Unusable
from explanations.records import AuthorKind, TokenActivations, to_zero_to_ten
from explanations.scorers.correlation import correlation
from explanations.simulators import SIMULATORS, Simulator


@dataclass(frozen=True, slots=True, kw_only=True)
class BestOfKSettings(token_activation.TokenActivationSettings):
    """How many candidates, drawn from how many excerpts, and by which simulator on how many."""

    k: int = 5
    pool: int = 15
    temperature: float = 0.8
    simulator: str = "llm"
    simulator_config: dict[str, Any] = field(default_factory=dict)
    choosing: int = 8
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A text, the excerpts it was written from, and its score, or why it has none."""

    shown: tuple[int, ...]
    text: str = ""
    score: float | None = None
    tokens: int = 0
    reason: str = ""
    raw: str = field(default="", compare=False)

    @property
    def as_json(self) -> dict[str, Any]:
        """Return what is stored of it."""
        names = ("text", "score", "tokens", "reason")
        return {"excerpts": list(self.shown), **{name: getattr(self, name) for name in names}}


def explain(material: Material, settings: BestOfKSettings) -> Dialogue[Explained | Unusable]:
    """Ask for all candidates at once, simulate from each on the select split, return the best."""
    if settings.k < 1:
        return Unusable(reason="k must be 1 or more")
    simulator = SIMULATORS.get(settings.simulator)
    if simulator is None:
        known = ", ".join(SIMULATORS)
        return Unusable(reason=f"no simulator is called {settings.simulator!r}: {known}")
    indices = spread(len(material.choosing), settings.choosing)
    choosing = [material.choosing[index] for index in indices]
    if not any(record.peak > 0 for record in choosing):
        return Unusable(reason="the neuron fires on no record of the select split")
    prompts = _prompts(material, settings)
    if isinstance(prompts, Unusable):
        return prompts
    candidates = yield from _candidates(prompts)
    scored = yield from gather(
        [_scored(each, simulator, choosing, material, settings) for each in candidates]
    )
    shown = sorted({index for indices, _ in prompts for index in indices})
    return _best(scored, simulator.name, shown)


def _prompts(
    material: Material, settings: BestOfKSettings
) -> list[tuple[tuple[int, ...], Prompt]] | Unusable:
    """Return each candidate's excerpts and the prompt that shows them."""
    excerpts, size = material.excerpts[: settings.pool], settings.records
    pool = [index for index, record in enumerate(excerpts) if record.peak > 0]
    prompts = []
    for number in range(settings.k):
        seed = f"{settings.seed}:{material.neuron}:{number}"
        shown = _drawn(pool, size, seed) if number else pool[:size]
        heat = settings.temperature if number else 0.0
        prompt = token_activation.prompt(material, settings, shown, temperature=heat)
        if isinstance(prompt, Unusable):
            return prompt
        prompts.append((tuple(shown), prompt))
    return prompts


def _drawn(pool: Sequence[int], size: int, seed: str) -> list[int]:
    """Return the highest excerpt and others drawn at random; all where there are no more."""
    chance = random.Random(seed)  # noqa: S311
    others = chance.sample(pool[1:], min(size, len(pool)) - 1) if size and pool else []
    return [*pool[:1], *sorted(others)]


def _candidates(prompts: Sequence[tuple[tuple[int, ...], Prompt]]) -> Dialogue[list[_Candidate]]:
    """Ask for candidates and return them; of those with equal texts only the first."""
    answers = yield from send(Generate(prompt for _, prompt in prompts))
    candidates: dict[object, _Candidate] = {}
    for number, ((shown, _), answer) in enumerate(zip(prompts, answers, strict=True)):
        outcome = answer if isinstance(answer, Unusable) else parse_explanation.parse(answer)
        if isinstance(outcome, Unusable):
            failed = _Candidate(shown=shown, reason=outcome.reason, raw=outcome.raw)
            candidates[number] = failed
        else:
            candidates.setdefault(outcome.text, _Candidate(shown=shown, text=outcome.text))
    return list(candidates.values())


def _scored(
    candidate: _Candidate,
    simulator: Simulator,
    choosing: Sequence[TokenActivations],
    material: Material,
    settings: BestOfKSettings,
) -> Dialogue[_Candidate]:
    """Return the candidate with its score on the records that could be simulated."""
    if not candidate.text:
        return candidate
    texts = [record.tokens for record in choosing]
    outcomes = yield from simulator.simulate(candidate.text, texts, settings.simulator_config)
    pairs = [
        (
            outcome.values[outcome.known],
            to_zero_to_ten(record.activations, material.maximum)[outcome.known],
        )
        for outcome, record in zip(outcomes, choosing, strict=True)
        if isinstance(outcome, Simulated)
    ]
    if not pairs:
        failed = next(outcome for outcome in outcomes if isinstance(outcome, Unusable))
        return replace(candidate, reason=failed.reason, raw=failed.raw)
    simulated, actual = (np.concatenate(values) for values in zip(*pairs, strict=True))
    value = correlation(simulated, actual)
    if np.isnan(value):
        return replace(
            candidate,
            tokens=actual.size,
            reason="the simulated or the actual activations are constant",
        )
    return replace(candidate, tokens=actual.size, score=value)


def _best(
    candidates: Sequence[_Candidate], simulator: str, shown: Sequence[int]
) -> Explained | Unusable:
    """Return the candidate with the highest score; all excerpts that any was shown count."""
    ranked = [candidate for candidate in candidates if candidate.score is not None]
    if not ranked:
        first = candidates[0]
        return Unusable(reason=f"no candidate has a score: {first.reason}", raw=first.raw)
    best = max(ranked, key=lambda candidate: candidate.score or 0.0)
    return Explained(
        text=best.text,
        used=shown,
        details={"simulator": simulator, "candidates": [each.as_json for each in candidates]},
    )


EXPLAINER = Explainer(
    name="best_of_k",
    version=2,
    author=AuthorKind.MODEL,
    run=explain,
    settings=BestOfKSettings,
    needs=frozenset({Need.MODEL}),
    wants=frozenset({Want.CHOOSING}),
    choices={"simulator": tuple(SIMULATORS)},
)
