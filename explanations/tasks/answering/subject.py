"""Requests to the subjects of the neurons that they are about."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from explanations.ground_truth import sets
from explanations.ground_truth.made import FunctionSet, Kind, parse_function_set
from explanations.methods.requests import ComputeActivations, ContinueTexts, Intervene
from explanations.methods.values import Unusable
from explanations.models import Method
from explanations.records import NeuronRef
from explanations.selectors.neurons import neuron_places
from explanations.services.ground_truth import GROUND_TRUTH_SOURCE
from explanations.services.leases import Cost
from explanations.tasks.answering.requests import PendingRequest, Reply
from explanations.tasks.subjects import loaded

Parts = Sequence[tuple[NeuronRef, Any]]
"""Neurons, each with one part of a request about it."""


def answer_with_subject(_method: Method, pending: Sequence[PendingRequest]) -> list[Reply]:
    """Return the reply to each request, in order; those about one subject are run side by side."""
    neurons = neuron_places(each.neuron for each in pending)
    by_subject: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, each in enumerate(pending):
        neuron = neurons[each.neuron]
        by_subject[neuron.source, neuron.revision].append(number)
    replies: dict[int, Reply] = {}
    for (source, revision), numbers in by_subject.items():
        requests: list[Any] = [pending[number].request for number in numbers]
        refs = [neurons[pending[number].neuron].ref for number in numbers]
        answers = _answers(source, revision, list(zip(refs, requests, strict=True)))
        replies.update(zip(numbers, answers, strict=True))
    return [replies[number] for number in range(len(pending))]


def _answers(
    source: str, revision: str, requests: Sequence[tuple[NeuronRef, Any]]
) -> Iterator[Reply]:
    """Yield the reply to each request about one subject, with its share of the time."""
    parts = [(ref, part) for ref, request in requests for part in request.parts]
    start = time.perf_counter()
    outcomes = iter(_outcomes(source, revision, type(requests[0][1]), parts))
    seconds = (time.perf_counter() - start) / max(1, len(parts))
    for _, request in requests:
        count = len(request.parts)
        yield Reply(value=tuple(islice(outcomes, count)), cost=Cost(seconds=seconds * count))


def _outcomes(source: str, revision: str, kind: type[Any], parts: Parts) -> Sequence[Any]:
    """Run parts; where the subject cannot be loaded, or cannot do it, each has that reason."""
    try:
        from explanations.subjects import SubjectError
    except ImportError as error:
        reason = f"this worker cannot run models, install the `models` extra: {error}"
        return [Unusable(reason=reason)] * len(parts)
    try:
        return RUN[kind](source, revision, parts)
    except SubjectError as error:
        return [Unusable(reason=str(error))] * len(parts)


def _observe(source: str, revision: str, parts: Parts) -> Sequence[Any]:
    made = _made(source)
    if made is not None:
        return [sets.observe(made, ref.index, text) for ref, text in parts]
    from explanations.interventions.ablation import observe

    return observe(loaded(source, revision), parts)


def _intervene(source: str, revision: str, parts: Parts) -> Sequence[Any]:
    from explanations.interventions.ablation import divergences

    return divergences(loaded(source, revision), parts)


def _continue(source: str, revision: str, parts: Parts) -> Sequence[Any]:
    from explanations.interventions.generation import continuations

    return continuations(loaded(source, revision), parts)


RUN: dict[type[Any], Callable[[str, str, Parts], Sequence[Any]]] = {
    ComputeActivations: _observe,
    Intervene: _intervene,
    ContinueTexts: _continue,
}


def _made(source: str) -> FunctionSet | None:
    """Return the set of functions of numbers or strings; None for what reads texts."""
    kind, _, name = source.partition(":")
    found = parse_function_set(name) if f"{kind}:" == GROUND_TRUTH_SOURCE else None
    return found if found is not None and found.kind is not Kind.TEXT else None
