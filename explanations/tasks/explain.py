"""Explaining a chunk of neurons."""

from collections.abc import Iterator, Sequence
from functools import partial

from django.utils import timezone

from explanations import selectors, services
from explanations.exchange import Answer, Explained, Prompt, Unusable
from explanations.explainers import EXPLAINERS, LocalExplainer, PromptedExplainer
from explanations.models import Explanation, Method, Run, Target
from explanations.tasks.chunk import Chunk, Stopwatch
from explanations.tasks.language_model import ask, cost_of

Seen = selectors.NeuronMaterial


def explain(run: Run, chunk: Chunk) -> None:
    """Write an explanation for each neuron of a chunk, or store why there is none."""
    method = services.method_at_work(method=run.method)
    explainer = EXPLAINERS[method.name]
    if isinstance(explainer, LocalExplainer):
        _locally(explainer, method, chunk)
    else:
        _by_prompt(explainer, method, chunk)


def _locally(explainer: LocalExplainer, method: Method, chunk: Chunk) -> None:
    seed = int(method.config.get("seed", 0))
    read = partial(selectors.neuron_materials, with_others=explainer.wants_others)
    for target, seen in chunk.each(read, "neuron_id"):
        with chunk.attempt(target):
            watch = Stopwatch()
            outcome = explainer.explain(seen.material, method.config, seed)
            _store(chunk, target, outcome, explainer.author, seen.shown, watch.cost)


def _by_prompt(explainer: PromptedExplainer, method: Method, chunk: Chunk) -> None:
    asked = list(_prompts(explainer, method, chunk))
    answers = ask(method, [prompt for _, _, prompt in asked])
    for (target, seen, _), answer in zip(asked, answers, strict=True):
        with chunk.attempt(target):
            outcome = explainer.parse(answer) if isinstance(answer, Answer) else answer
            shown = seen.shown[: explainer.shows(method.config)]
            _store(chunk, target, outcome, explainer.author, shown, cost_of([answer]))


def _prompts(
    explainer: PromptedExplainer, method: Method, chunk: Chunk
) -> Iterator[tuple[Target, Seen, Prompt]]:
    for target, seen in chunk.each(selectors.neuron_materials, "neuron_id"):
        prompt: Prompt | Unusable | None = None
        with chunk.attempt(target):
            prompt = explainer.prompt(seen.material, method.config)
        if isinstance(prompt, Unusable):
            chunk.fail(target, prompt)
        elif prompt is not None:
            yield target, seen, prompt


def _store(
    chunk: Chunk,
    target: Target,
    outcome: Explained | Unusable,
    author: str,
    shown: Sequence[int],
    cost: services.Cost,
) -> None:
    if isinstance(outcome, Unusable):
        chunk.fail(target, outcome, cost)
        return
    services.explanation_store(
        target_id=target.pk,
        lease=chunk.lease,
        text=outcome.text,
        author_kind=Explanation.Author(author),
        shown=shown[: outcome.used],
        at=timezone.now(),
        cost=cost,
    )
