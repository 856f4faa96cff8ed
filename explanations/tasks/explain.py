"""Explaining a chunk of neurons."""

from collections.abc import Iterator
from functools import partial

from django.utils import timezone

from explanations.explainers import EXPLAINERS, Explainer
from explanations.methods.values import Explained
from explanations.models import Explanation, Method, Run
from explanations.selectors.material import NeuronMaterial, neuron_materials
from explanations.services.methods import method_at_work
from explanations.services.results import explanation_store
from explanations.tasks.chunk import Chunk
from explanations.tasks.run_dialogues import PendingDialogue, run_dialogues


def explain(run: Run, chunk: Chunk) -> None:
    """Write an explanation for each neuron of a chunk, or store why there is none."""
    method = method_at_work(method=run.method)
    explainer = EXPLAINERS[method.name]
    for result in run_dialogues(chunk, method, _dialogues(explainer, method, chunk)):
        with chunk.attempt(result.target):
            explanation_store(
                target_id=result.target.pk,
                lease=chunk.lease,
                explained=result.outcome,
                author_kind=Explanation.Author(explainer.author),
                shown=result.outcome.rests_on(result.context.shown),
                at=timezone.now(),
                cost=result.cost,
            )


def _dialogues(
    explainer: Explainer, method: Method, chunk: Chunk
) -> Iterator[PendingDialogue[Explained, NeuronMaterial]]:
    """Yield a dialogue for each target, with the material that it begins from."""
    read = partial(neuron_materials, wants=explainer.wants)
    for target, material in chunk.each(read, "neuron_id"):
        yield PendingDialogue(
            target=target,
            neuron=target.neuron_id or 0,
            dialogue=explainer.explain(material.material, method.config),
            context=material,
        )
