"""Running texts through the subjects of the neurons that are asked about."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

from explanations.ground_truth import sets
from explanations.ground_truth.made import Kind, Recipe, recipe
from explanations.methods.requests import Continue, Observe, Replace
from explanations.methods.values import Unusable
from explanations.models import Method
from explanations.records import NeuronRef
from explanations.selectors.neurons import neuron_places
from explanations.services.ground_truth import GROUND_TRUTH_SOURCE
from explanations.services.leases import Cost
from explanations.tasks.answering.requests import Asked, Served
from explanations.tasks.subjects import loaded

Part: TypeAlias = tuple[NeuronRef, Any]
"""A neuron, and one thing that is asked of it."""


def observed(_method: Method, asked: Sequence[Asked]) -> list[Served]:
    """Return what the neurons do on each request's texts; one made by rule takes no subject."""

    def split(request: Any) -> Sequence[Any]:
        assert isinstance(request, Observe)  # noqa: S101  who serves what is one dict
        return request.texts

    return _served(asked, split, _observe)


def replaced(_method: Method, asked: Sequence[Asked]) -> list[Served]:
    """Return what replacing the neurons changes on each request's excerpts."""

    def split(request: Any) -> Sequence[Any]:
        assert isinstance(request, Replace)  # noqa: S101
        return list(zip(request.excerpts, request.values, strict=True))

    return _served(asked, split, _replace)


def continued(_method: Method, asked: Sequence[Asked]) -> list[Served]:
    """Return how each request's texts go on."""

    def split(request: Any) -> Sequence[Any]:
        assert isinstance(request, Continue)  # noqa: S101
        return [(text, request) for text in request.texts]

    return _served(asked, split, _continue)


def _served(
    asked: Sequence[Asked],
    split: Callable[[Any], Sequence[Any]],
    run: Callable[[str, str, Sequence[Part]], Sequence[Any]],
) -> list[Served]:
    """Answer requests, those about one subject side by side, in the order in which they came."""
    places = neuron_places(each.neuron for each in asked)
    by_subject: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, each in enumerate(asked):
        place = places[each.neuron]
        by_subject[place.source, place.revision].append(number)
    found: dict[int, Served] = {}
    for (source, revision), numbers in by_subject.items():
        requests = [(places[asked[at].neuron].ref, split(asked[at].request)) for at in numbers]
        replies = _answered(source, revision, requests, run)
        found.update(zip(numbers, replies, strict=True))
    return [found[number] for number in range(len(asked))]


def _answered(
    source: str,
    revision: str,
    requests: Sequence[tuple[NeuronRef, Sequence[Any]]],
    run: Callable[[str, str, Sequence[Part]], Sequence[Any]],
) -> Iterator[Served]:
    """Yield the reply of each request about one subject, with its share of the time."""
    parts = [(ref, each) for ref, few in requests for each in few]
    begun = time.perf_counter()
    left = iter(_tried(source, revision, parts, run))
    seconds = (time.perf_counter() - begun) / max(1, len(parts))
    for _, few in requests:
        cost = Cost(seconds=seconds * len(few))
        yield Served(reply=tuple(islice(left, len(few))), cost=cost)


def _tried(
    source: str,
    revision: str,
    parts: Sequence[Part],
    run: Callable[[str, str, Sequence[Part]], Sequence[Any]],
) -> Sequence[Any]:
    """Run parts; a subject that cannot be loaded, or cannot do it, has a reason for each."""
    try:
        from explanations.subjects import SubjectError
    except ImportError as error:
        reason = f"this worker cannot run models, install the `models` extra: {error}"
        return [Unusable(reason=reason)] * len(parts)
    try:
        return run(source, revision, parts)
    except SubjectError as error:
        return [Unusable(reason=str(error))] * len(parts)


def _observe(source: str, revision: str, parts: Sequence[Part]) -> Sequence[Any]:
    made = _made(source)
    if made is not None:
        return [sets.observe(made, ref.index, text) for ref, text in parts]
    from explanations.interventions.ablation import Looked, observe

    return observe(loaded(source, revision), [Looked(ref=ref, text=text) for ref, text in parts])


def _replace(source: str, revision: str, parts: Sequence[Part]) -> Sequence[Any]:
    from explanations.interventions.ablation import Replaced, divergences

    asked = [Replaced(ref=ref, tokens=tokens, values=values) for ref, (tokens, values) in parts]
    return divergences(loaded(source, revision), asked)


def _continue(source: str, revision: str, parts: Sequence[Part]) -> Sequence[Any]:
    from explanations.interventions.generation import Continued, continuations

    asked = [
        Continued(ref=ref, text=text, clamp=how.clamp, tokens=how.tokens, seed=how.seed)
        for ref, (text, how) in parts
    ]
    return continuations(loaded(source, revision), asked)


def _made(source: str) -> Recipe | None:
    """Return the recipe of a set of functions of numbers or strings; None for what reads texts."""
    kind, _, name = source.partition(":")
    found = recipe(name) if f"{kind}:" == GROUND_TRUTH_SOURCE else None
    return found if found is not None and found.kind is not Kind.TEXT else None
