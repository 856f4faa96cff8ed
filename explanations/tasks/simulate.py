"""Simulating the held-out records of a chunk of explanations."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from django.utils import timezone

from explanations.methods.values import Simulated, Unusable
from explanations.models import Method, Run
from explanations.selectors.material import Excerpt, ToSimulate, explanations_to_simulate
from explanations.services.methods import method_at_work
from explanations.services.results import simulation_store
from explanations.simulators import SIMULATORS, Simulator
from explanations.simulators.base import Outcomes
from explanations.simulators.calibration import carried_out
from explanations.simulators.held_out import held_out
from explanations.tasks.chunk import Chunk
from explanations.tasks.run_dialogues import Ended, Talk, converse

Excerpts = Sequence[Excerpt]


def simulate(run: Run, chunk: Chunk) -> None:
    """Predict the activations of each explanation's held-out records, or store why not."""
    method = method_at_work(method=run.method)
    simulator = SIMULATORS[method.name]
    excerpts: dict[int, Excerpts] = {}
    for ended in converse(chunk, method, _talks(simulator, method, chunk, excerpts)):
        with chunk.attempt(ended.target):
            _store(chunk, ended, excerpts.pop(ended.target.pk))


def _talks(
    simulator: Simulator, method: Method, chunk: Chunk, excerpts: dict[int, Excerpts]
) -> Iterator[Talk[Outcomes]]:
    """Begin a dialogue for each target, and note in `excerpts` what it is asked to simulate."""
    calibrated = method.config.get("calibration", "none") != "none"
    read = partial(explanations_to_simulate, calibrated=calibrated)
    for target, task in chunk.each(read, "explanation_id"):
        few = excerpts[target.pk] = unseen(task)
        dialogue = carried_out(
            simulator,
            task.text,
            {excerpt.record: excerpt.tokens.tokens for excerpt in few},
            {excerpt.record: excerpt.tokens for excerpt in task.known},
            task.maximum,
            method.config,
        )
        yield Talk(target=target, neuron=task.neuron, dialogue=dialogue)


def unseen(task: ToSimulate) -> list[Excerpt]:
    """Return the excerpts that may be scored.

    Those are neither what the author was shown, or a calibration is fitted on, nor like it.
    """
    kept = held_out(
        [excerpt.window for excerpt in task.excerpts],
        [*task.shown, *(excerpt.window for excerpt in task.known)],
    )
    return [task.excerpts[position] for position in kept]


def _store(chunk: Chunk, ended: Ended[Outcomes], excerpts: Excerpts) -> None:
    """Store what came back, unless nothing did: that is the target's failure."""
    unusable = [each for each in ended.outcome if isinstance(each, Unusable)]
    made = [each for each in ended.outcome if isinstance(each, Simulated)]
    if not ended.outcome:
        reason = "the neuron has no held-out records"
        chunk.fail(ended.target, Unusable(reason=reason), ended.cost)
    elif not made:
        chunk.fail(ended.target, unusable[0], ended.cost)
    else:
        records = [excerpt.record for excerpt in excerpts]
        simulation_store(
            target_id=ended.target.pk,
            lease=chunk.lease,
            outcomes=dict(zip(records, ended.outcome, strict=True)),
            details=_details(made),
            at=timezone.now(),
            cost=ended.cost,
        )


def _details(made: Sequence[Simulated]) -> dict[str, Any]:
    """Return how a simulation was made, and how many tokens got no value, if any."""
    left_out = sum(int((~each.known).sum()) for each in made)
    return made[0].details | ({"tokens_left_out": left_out} if left_out else {})
