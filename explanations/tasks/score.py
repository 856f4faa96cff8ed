"""Scoring a chunk of simulations, or of explanations."""

from collections.abc import Iterator

from django.utils import timezone

from explanations.methods.values import Evidence, Scored, Unusable
from explanations.models import Method, Run
from explanations.scorers import SCORERS, RestsOn, Scorer
from explanations.selectors.material import ToScore, explanations_to_score, simulations_to_score
from explanations.services.methods import method_at_work
from explanations.services.results import score_store
from explanations.tasks.chunk import Chunk
from explanations.tasks.run_dialogues import PendingDialogue, Result, run_dialogues

# A target's key, and the selector that reads what may be scored of it.
_READ = {
    RestsOn.SIMULATION: ("simulation_id", simulations_to_score),
    RestsOn.EXPLANATION: ("explanation_id", explanations_to_score),
}


def score(run: Run, chunk: Chunk) -> None:
    """Give each target of a chunk its score, or the reason why that is undefined."""
    method = method_at_work(method=run.method)
    for result in run_dialogues(chunk, method, _dialogues(SCORERS[method.name], method, chunk)):
        with chunk.attempt(result.target):
            _store(chunk, result)


def _dialogues(
    scorer: Scorer, method: Method, chunk: Chunk
) -> Iterator[PendingDialogue[Scored, Evidence]]:
    """Yield a dialogue for each target; one with a record that is not held out fails here."""
    key, read = _READ[scorer.rests_on]
    for target, task in chunk.each(read, key):
        if task.leaked:
            chunk.fail(target, _leak(task))
            continue
        yield PendingDialogue(
            target=target,
            neuron=task.neuron,
            dialogue=scorer.score(task.evidence, method.config),
            context=task.evidence,
        )


def _leak(task: ToScore) -> Unusable:
    return Unusable(
        reason=f"{len(task.leaked)} of {len(task.evidence.records)} records are not held out or "
        "were shown to the explanation's author",
        raw=", ".join(str(record) for record in task.leaked),
    )


def _store(chunk: Chunk, result: Result[Scored, Evidence]) -> None:
    """Store a score; raises `ValueError` where it rests on records that the scorer did not get."""
    known = {each.record for each in result.context.records}
    if others := sorted(set(result.outcome.records) - known):
        raise ValueError(f"the score rests on records that the scorer did not get: {others}")
    score_store(
        target_id=result.target.pk,
        lease=chunk.lease,
        scored=result.outcome,
        at=timezone.now(),
        cost=result.cost,
    )
