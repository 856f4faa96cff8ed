"""Simulating the held-out records of a chunk of explanations."""

import threading
from collections.abc import Mapping
from itertools import islice

from django.utils import timezone

from explanations import selectors, services
from explanations.exchange import Answer, Prompt, Simulated, Unusable
from explanations.models import Method, Run, Target
from explanations.simulators import SIMULATORS, LocalSimulator, PromptedSimulator
from explanations.simulators.base import Encode
from explanations.simulators.heldout import held_out
from explanations.tasks.chunk import Chunk, Stopwatch
from explanations.tasks.language_model import ask, cost_of

_loading = threading.Lock()
Outcomes = Mapping[int, Simulated | Unusable]


def simulate(run: Run, chunk: Chunk) -> None:
    """Predict the activations of each explanation's held-out records, or store why not."""
    method = services.method_at_work(method=run.method)
    simulator = SIMULATORS[method.name]
    if isinstance(simulator, LocalSimulator):
        _locally(simulator, method, chunk)
    else:
        _by_prompt(simulator, method, chunk)


def _locally(simulator: LocalSimulator, method: Method, chunk: Chunk) -> None:
    encode = _encoder() if simulator.needs_encoder else None
    for target, task in chunk.each(selectors.explanations_to_simulate, "explanation_id"):
        with chunk.attempt(target):
            watch = Stopwatch()
            excerpts = unseen(task)
            texts = [excerpt.tokens.tokens for excerpt in excerpts]
            simulated = simulator.simulate(task.text, texts, method.config, encode)
            outcomes = zip(excerpts, simulated, strict=True)
            _store(chunk, target, {e.record: outcome for e, outcome in outcomes}, watch.cost)


def _by_prompt(simulator: PromptedSimulator, method: Method, chunk: Chunk) -> None:
    asked: list[tuple[Target, list[selectors.Excerpt]]] = []
    prompts: list[Prompt] = []
    for target, task in chunk.each(selectors.explanations_to_simulate, "explanation_id"):
        with chunk.attempt(target):
            excerpts = unseen(task)
            prompts += [
                simulator.prompt(task.text, excerpt.tokens.tokens, method.config)
                for excerpt in excerpts
            ]
            asked.append((target, excerpts))
    left = iter(ask(method, prompts))
    for target, excerpts in asked:
        answers = list(islice(left, len(excerpts)))
        with chunk.attempt(target):
            outcomes = {
                excerpt.record: _parsed(simulator, answer, excerpt.tokens.tokens)
                for excerpt, answer in zip(excerpts, answers, strict=True)
            }
            _store(chunk, target, outcomes, cost_of(answers))


def _parsed(
    simulator: PromptedSimulator, answer: Answer | Unusable, tokens: tuple[str, ...]
) -> Simulated | Unusable:
    return answer if isinstance(answer, Unusable) else simulator.parse(answer, tokens)


def unseen(task: selectors.ToSimulate) -> list[selectors.Excerpt]:
    """Return the excerpts that may be scored: neither shown to the author nor like what was."""
    kept = held_out(
        [excerpt.window for excerpt in task.excerpts],
        [excerpt.window for excerpt in task.shown],
    )
    return [task.excerpts[position] for position in kept]


def _store(chunk: Chunk, target: Target, outcomes: Outcomes, cost: services.Cost) -> None:
    """Store what came back, unless nothing did: that is the target's failure."""
    unusable = [each for each in outcomes.values() if isinstance(each, Unusable)]
    if len(unusable) < len(outcomes):
        services.simulation_store(
            target_id=target.pk, lease=chunk.lease, outcomes=outcomes, at=timezone.now(), cost=cost
        )
    elif not outcomes:
        chunk.fail(target, Unusable(reason="the neuron has no held-out records"), cost)
    else:
        chunk.fail(target, unusable[0], cost)


def _encoder() -> Encode:
    """Return the process's sentence encoder; threads that want it first wait for one to load it."""
    with _loading:
        from explanations.backends.encoder import sentence_encoder

        return sentence_encoder()
