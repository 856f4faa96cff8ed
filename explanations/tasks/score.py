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
from explanations.tasks.run_dialogues import Ended, Talk, converse

# What a target is, and how what may be scored of it is read.
_READ = {
    RestsOn.SIMULATION: ("simulation_id", simulations_to_score),
    RestsOn.EXPLANATION: ("explanation_id", explanations_to_score),
}

Outcome = Scored | Unusable


def score(run: Run, chunk: Chunk) -> None:
    """Give each target of a chunk its score, or the reason why that is undefined."""
    method = method_at_work(method=run.method)
    evidence: dict[int, Evidence] = {}
    for ended in converse(chunk, method, _talks(SCORERS[method.name], method, chunk, evidence)):
        with chunk.attempt(ended.target):
            _store(chunk, ended, evidence.pop(ended.target.pk))


def _talks(
    scorer: Scorer, method: Method, chunk: Chunk, evidence: dict[int, Evidence]
) -> Iterator[Talk[Outcome]]:
    """Begin a dialogue for each target; one with a record that is not held out fails here.

    What each rests on is noted in `evidence`.
    """
    seed = int(method.config.get("seed", 0))
    key, read = _READ[scorer.rests_on]
    for target, task in chunk.each(read, key):
        if task.leaked:
            chunk.fail(target, _leak(task))
            continue
        evidence[target.pk] = task.evidence
        dialogue = scorer.score(task.evidence, method.config, seed)
        yield Talk(target=target, neuron=task.neuron, dialogue=dialogue)


def _leak(task: ToScore) -> Unusable:
    return Unusable(
        reason=f"{len(task.leaked)} of {len(task.evidence.records)} records are not held out or "
        "were shown to the explanation's author",
        raw=", ".join(str(record) for record in task.leaked),
    )


def _store(chunk: Chunk, ended: Ended[Outcome], evidence: Evidence) -> None:
    """Store a score, or why there is none; one of records that it was not given is refused."""
    if isinstance(ended.outcome, Unusable):
        chunk.fail(ended.target, ended.outcome, ended.cost)
        return
    given = {each.record for each in evidence.records}
    if others := sorted(set(ended.outcome.records) - given):
        raise ValueError(f"the score rests on records that it was not given: {others}")
    score_store(
        target_id=ended.target.pk,
        lease=chunk.lease,
        scored=ended.outcome,
        at=timezone.now(),
        cost=ended.cost,
    )
