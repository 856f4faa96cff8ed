"""Scoring a chunk of simulations."""

from django.utils import timezone

from explanations import selectors, services
from explanations.exchange import Unusable
from explanations.models import Run
from explanations.scorers import SCORERS
from explanations.tasks.chunk import Chunk, Stopwatch


def score(run: Run, chunk: Chunk) -> None:
    """Give each simulation of a chunk its score, or the reason why that is undefined."""
    method = services.method_at_work(method=run.method)
    scorer = SCORERS[method.name]
    for target, task in chunk.each(selectors.simulations_to_score, "simulation_id"):
        with chunk.attempt(target):
            watch = Stopwatch()
            if task.leaked:
                chunk.fail(target, _leak(task))
                continue
            services.score_store(
                target_id=target.pk,
                lease=chunk.lease,
                scored=scorer.score(task.simulated, task.actual),
                at=timezone.now(),
                cost=watch.cost,
            )


def _leak(task: selectors.ToScore) -> Unusable:
    return Unusable(
        reason=f"{len(task.leaked)} of {len(task.simulated)} records are not held out or were "
        "shown to the explanation's author",
        raw=", ".join(str(record) for record in task.leaked),
    )
