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
from explanations.simulators.calibration import simulate_calibrated
from explanations.simulators.held_out import held_out
from explanations.tasks.chunk import Chunk
from explanations.tasks.run_dialogues import PendingDialogue, Result, run_dialogues

Excerpts = Sequence[Excerpt]


def simulate(run: Run, chunk: Chunk) -> None:
    """Predict the activations of each explanation's held-out records, or store why not."""
    method = method_at_work(method=run.method)
    simulator = SIMULATORS[method.name]
    for result in run_dialogues(chunk, method, _dialogues(simulator, method, chunk)):
        with chunk.attempt(result.target):
            _store(chunk, result)


def _dialogues(
    simulator: Simulator, method: Method, chunk: Chunk
) -> Iterator[PendingDialogue[Outcomes, Excerpts]]:
    """Yield a dialogue for each target, with the excerpts that it is asked to simulate."""
    calibrated = method.config.get("calibration", "none") != "none"
    read = partial(explanations_to_simulate, calibrated=calibrated)
    for target, task in chunk.each(read, "explanation_id"):
        excerpts = unseen(task)
        dialogue = simulate_calibrated(
            simulator,
            task.text,
            {excerpt.record: excerpt.tokens.tokens for excerpt in excerpts},
            {excerpt.record: excerpt.tokens for excerpt in task.known},
            task.maximum,
            method.config,
        )
        yield PendingDialogue(
            target=target, neuron=task.neuron, dialogue=dialogue, context=excerpts
        )


def unseen(task: ToSimulate) -> list[Excerpt]:
    """Return the excerpts that may be scored.

    They share nothing with what the author was shown or with what a calibration is fitted on.
    """
    kept = held_out(
        [excerpt.window for excerpt in task.excerpts],
        [*task.shown, *(excerpt.window for excerpt in task.known)],
    )
    return [task.excerpts[position] for position in kept]


def _store(chunk: Chunk, result: Result[Outcomes, Excerpts]) -> None:
    """Store the simulations; where none could be made the target has failed."""
    unusable = [each for each in result.outcome if isinstance(each, Unusable)]
    made = [each for each in result.outcome if isinstance(each, Simulated)]
    if not result.outcome:
        reason = "the neuron has no held-out records"
        chunk.fail(result.target, Unusable(reason=reason), result.cost)
    elif not made:
        chunk.fail(result.target, unusable[0], result.cost)
    else:
        records = [excerpt.record for excerpt in result.context]
        simulation_store(
            target_id=result.target.pk,
            lease=chunk.lease,
            outcomes=dict(zip(records, result.outcome, strict=True)),
            details=_details(made),
            at=timezone.now(),
            cost=result.cost,
        )


def _details(made: Sequence[Simulated]) -> dict[str, Any]:
    """Return how a simulation was made, and how many tokens got no value, if any."""
    left_out = sum(int((~each.known).sum()) for each in made)
    return made[0].details | ({"tokens_left_out": left_out} if left_out else {})
