"""Start runs over neurons by their names, for commands, pages and the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q

from explanations.models import Explanation, Method, Neuron, Run, Score, Simulation, Target
from explanations.records import NeuronRef
from explanations.selectors.neurons import (
    explanation_keys,
    latest_capture,
    neuron_keys,
    neuron_refs,
    neurons_found,
    simulation_keys,
    subject_named,
)
from explanations.services.budgets import RunRefused, budget_check
from explanations.services.captures import capture_load
from explanations.services.methods import method_builtin, method_unsaved, registry
from explanations.services.runs import RunCreated, run_create, worked_on
from explanations.stores.reader import StoreError

METHOD_KINDS = {
    Run.Kind.EXPLAIN: Method.Kind.EXPLAINER,
    Run.Kind.SIMULATE: Method.Kind.SIMULATOR,
    Run.Kind.SCORE: Method.Kind.SCORER,
}
_MADE: dict[str, type[Model]] = {
    Run.Kind.EXPLAIN: Explanation,
    Run.Kind.SIMULATE: Simulation,
    Run.Kind.SCORE: Score,
}
# What is counted for an estimate, and the way from there to the neuron.
_COUNTED: dict[str, tuple[type[Model], str]] = {
    "neuron": (Neuron, ""),
    "explanation": (Explanation, "neuron__"),
    "simulation": (Simulation, "explanation__neuron__"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWanted:
    """A requested run: a built-in method with its settings, over neurons.

    `subject` is a subject's name, None for all of them; `neurons` are layers and indices such as
    `3/120 3/0-99`, blank for all; `budget` is in US dollars, None for no limit.
    """

    kind: Run.Kind
    method: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    subject: str | None = None
    neurons: str = ""
    budget: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEstimate:
    """The size of a run: `new` targets, and those that are `already` done or queued."""

    new: int
    already: int


def run_start(*, wanted: RunWanted) -> RunCreated:
    """Make a run; raises `RunRefused` or `SettingRefused` naming the invalid field."""
    refs = _refs(wanted)
    budget_check(budget=wanted.budget, method=_unsaved(wanted))
    subject, neurons = neurons_chosen(subject=wanted.subject, refs=refs)
    return run_over(
        kind=wanted.kind,
        method=method_builtin(
            kind=METHOD_KINDS[wanted.kind], name=wanted.method, config=wanted.settings
        ),
        subject=subject,
        neurons=neurons,
        budget=wanted.budget,
    )


def run_over(
    *,
    kind: Run.Kind,
    method: Method,
    subject: int | None,
    neurons: Sequence[int] | None,
    budget: float | None = None,
) -> RunCreated:
    """Make a run over these neurons, a subject's, or all, or over their explanations."""
    on = worked_on(kind, method)
    return run_create(
        kind=kind,
        method=method,
        budget=budget,
        neurons=neuron_keys(subject, neurons) if on == "neuron" else (),
        explanations=explanation_keys(subject, neurons) if on == "explanation" else (),
        simulations=simulation_keys(subject, neurons) if on == "simulation" else (),
    )


def neurons_chosen(
    *, subject: str | None, refs: Sequence[NeuronRef] | None
) -> tuple[int | None, list[int] | None]:
    """Return the keys of a subject and of its neurons, None where all are meant.

    Neurons that are not in the database yet are read from the subject's capture. Raises
    `RunRefused`.
    """
    if not subject and refs is None:
        return None, None
    key = _subject(subject)
    if refs is None:
        return key, None
    capture = latest_capture(key)
    try:
        if capture is None:
            return key, neurons_found(key, refs)
        return key, capture_load(capture_id=capture, neurons=refs)
    except (LookupError, StoreError) as error:
        raise RunRefused("neurons", str(error.args[0])) from error


def run_estimate(*, wanted: RunWanted) -> RunEstimate:
    """Count what a run would do, changing nothing; raises as `run_start` does."""
    refs = _refs(wanted)
    method = _unsaved(wanted)
    budget_check(budget=wanted.budget, method=method)
    subject = _subject(wanted.subject) if wanted.subject or refs is not None else None
    works_on = worked_on(wanted.kind, method)
    model, path = _COUNTED[works_on]
    among = Q() if subject is None else Q(**{f"{path}subject": subject})
    rows = model._default_manager.filter(among, _places(path, wanted.neurons, refs))
    already = rows.filter(_ended_or_queued(wanted.kind, works_on, method)).count()
    total = rows.count()
    if wanted.kind == Run.Kind.EXPLAIN and refs is not None:
        total = len(set(refs))
        if subject is not None and latest_capture(subject) is None:
            neurons_chosen(subject=wanted.subject, refs=refs)
    return RunEstimate(new=total - already, already=already)


def _ended_or_queued(kind: Run.Kind, works_on: str, method: Method) -> Q:
    known = Method.objects.filter(digest=method.digest).values("pk")
    about = {works_on: OuterRef("pk"), "method__in": known}
    direct = {"simulation": None} if (kind, works_on) == (Run.Kind.SCORE, "explanation") else {}
    made = _MADE[kind]._default_manager.filter(**about, **direct)
    return Q(Exists(Target.objects.filter(**about))) | Q(Exists(made))


def _places(path: str, text: str, refs: Sequence[NeuronRef] | None) -> Q:
    """Return the condition that a neuron is at one of the places that a text names."""
    among = Q()
    for part in text.split() if refs is not None else ():
        few = neuron_refs(part)
        first, last = few[0], few[-1]
        indices = (first.index, last.index)
        among |= Q(**{f"{path}layer": first.layer, f"{path}index__range": indices})
    return among


def _refs(wanted: RunWanted) -> list[NeuronRef] | None:
    try:
        refs = [ref for part in wanted.neurons.split() for ref in neuron_refs(part)]
    except ValueError as error:
        raise RunRefused("neurons", str(error)) from error
    return refs or None


def _subject(name: str | None) -> int:
    try:
        return subject_named(name)
    except LookupError as error:
        raise RunRefused("subject", str(error.args[0])) from error


def _unsaved(wanted: RunWanted) -> Method:
    """Return the method, checked and not stored; raises `RunRefused` or `SettingRefused`."""
    kind = METHOD_KINDS[wanted.kind]
    if wanted.method not in registry(kind):
        known = ", ".join(registry(kind))
        raise RunRefused("method", f"no {kind} is called {wanted.method!r}: choose from {known}")
    return method_unsaved(kind=kind, name=wanted.method, config=wanted.settings)
