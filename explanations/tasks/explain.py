"""Explaining a chunk of neurons."""

from collections.abc import Iterator
from functools import partial

from django.utils import timezone

from explanations.explainers import EXPLAINERS, Explainer
from explanations.methods.values import Explained, Unusable
from explanations.models import Explanation, Method, Run
from explanations.selectors.material import NeuronMaterial, neuron_materials
from explanations.services.methods import method_at_work
from explanations.services.results import explanation_store
from explanations.tasks.chunk import Chunk
from explanations.tasks.run_dialogues import Ended, Talk, converse

Seen = NeuronMaterial


def explain(run: Run, chunk: Chunk) -> None:
    """Write an explanation for each neuron of a chunk, or store why there is none."""
    method = method_at_work(method=run.method)
    explainer = EXPLAINERS[method.name]
    seen: dict[int, Seen] = {}
    for ended in converse(chunk, method, _talks(explainer, method, chunk, seen)):
        with chunk.attempt(ended.target):
            _store(chunk, ended, explainer, seen.pop(ended.target.pk))


def _talks(
    explainer: Explainer, method: Method, chunk: Chunk, seen: dict[int, Seen]
) -> Iterator[Talk[Explained | Unusable]]:
    """Begin a dialogue for each target, and note what it is shown in `seen`."""
    seed = int(method.config.get("seed", 0))
    read = partial(neuron_materials, wants=explainer.wants)
    for target, material in chunk.each(read, "neuron_id"):
        seen[target.pk] = material
        dialogue = explainer.explain(material.material, method.config, seed)
        yield Talk(target=target, neuron=target.neuron_id or 0, dialogue=dialogue)


def _store(
    chunk: Chunk, ended: Ended[Explained | Unusable], explainer: Explainer, seen: Seen
) -> None:
    outcome = ended.outcome
    if isinstance(outcome, Unusable):
        chunk.fail(ended.target, outcome, ended.cost)
        return
    explanation_store(
        target_id=ended.target.pk,
        lease=chunk.lease,
        explained=outcome,
        author_kind=Explanation.Author(explainer.author),
        shown=outcome.rests_on(seen.shown),
        at=timezone.now(),
        cost=ended.cost,
    )
