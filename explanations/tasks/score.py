"""Scoring a chunk of simulations, or of explanations."""

from collections.abc import Iterator

from django.utils import timezone

from explanations import selectors, services
from explanations.exchange import Scored, Unusable
from explanations.models import Method, Run
from explanations.scorers import SCORERS, RestsOn, Scorer
from explanations.tasks.chunk import Chunk
from explanations.tasks.conversing import Talk, converse

# What a target is, and how what may be scored of it is read.
_READ = {
    RestsOn.SIMULATION: ("simulation_id", selectors.simulations_to_score),
    RestsOn.EXPLANATION: ("explanation_id", selectors.explanations_to_score),
}


def score(run: Run, chunk: Chunk) -> None:
    """Give each target of a chunk its score, or the reason why that is undefined."""
    method = services.method_at_work(method=run.method)
    for ended in converse(chunk, method, _talks(SCORERS[method.name], method, chunk)):
        with chunk.attempt(ended.target):
            services.score_store(
                target_id=ended.target.pk,
                lease=chunk.lease,
                scored=ended.outcome,
                at=timezone.now(),
                cost=ended.cost,
            )


def _talks(scorer: Scorer, method: Method, chunk: Chunk) -> Iterator[Talk[Scored]]:
    """Begin a dialogue for each target; one with a record that is not held out fails here."""
    seed = int(method.config.get("seed", 0))
    key, read = _READ[scorer.rests_on]
    for target, task in chunk.each(read, key):
        if task.leaked:
            chunk.fail(target, _leak(task))
            continue
        dialogue = scorer.score(task.evidence, method.config, seed)
        yield Talk(target=target, neuron=task.neuron, dialogue=dialogue)


def _leak(task: selectors.ToScore) -> Unusable:
    return Unusable(
        reason=f"{len(task.leaked)} of {len(task.evidence.records)} records are not held out or "
        "were shown to the explanation's author",
        raw=", ".join(str(record) for record in task.leaked),
    )
