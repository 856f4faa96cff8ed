"""Keys of neurons, explanations and simulations, by the names that users type."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from explanations.models import Capture, Explanation, Neuron, Simulation, Subject
from explanations.records import NeuronRef

_MOST = 1_000_000
_REFERENCE = re.compile(r"L?(\d+)/(\d+)(?:-(\d+))?")


def neuron_refs(text: str) -> list[NeuronRef]:
    """Read `3/120`, `L3/120` or `3/0-99`, a million at most; raises `ValueError`."""
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not LAYER/INDEX or LAYER/FIRST-LAST")
    layer, first, last = (int(part) if part else None for part in match.groups())
    assert layer is not None and first is not None  # noqa: S101 PT018
    indices = range(first, (first if last is None else last) + 1)
    if not 0 < len(indices) <= _MOST:
        raise ValueError(f"{text!r} is {len(indices):,} neurons: name 1 to {_MOST:,} at once")
    return [NeuronRef(layer=layer, index=index) for index in indices]


def neuron_text(refs: Iterable[NeuronRef]) -> str:
    """Write neurons as `neuron_refs` reads them, those in a row as one range: `3/0-2 3/7`."""
    parts: list[list[NeuronRef]] = []
    for ref in sorted(set(refs)):
        last = parts[-1][-1] if parts else None
        if last and (ref.layer, ref.index) == (last.layer, last.index + 1):
            parts[-1].append(ref)
        else:
            parts.append([ref])
    return " ".join(
        f"{few[0].layer}/{few[0].index}" + (f"-{few[-1].index}" if len(few) > 1 else "")
        for few in parts
    )


def subject_named(name: str | None) -> int:
    """Return a subject's key; without a name the only one there is. Raises `LookupError`."""
    if name:
        found = Subject.objects.filter(name=name).values_list("pk", flat=True).first()
        if found is None:
            raise LookupError(f"no subject is called {name!r}")
        return found
    subjects = list(Subject.objects.values_list("pk", "name")[:2])
    if len(subjects) != 1:
        raise LookupError("say which subject is meant: there are several or none")
    return subjects[0][0]


def latest_capture(subject: int) -> int | None:
    """Return the key of a subject's newest finished capture."""
    finished = Capture.objects.filter(subject=subject, tokens__gt=0).order_by("-pk")
    return finished.values_list("pk", flat=True).first()


def neurons_found(subject: int, refs: Sequence[NeuronRef]) -> list[int]:
    """Return the keys of a subject's neurons; raises `LookupError` naming the first missing one."""
    rows = Neuron.objects.filter(subject=subject, layer__in={ref.layer for ref in refs})
    keys = {
        NeuronRef(layer=layer, index=index): pk
        for pk, layer, index in rows.values_list("pk", "layer", "index")
    }
    missing = next((ref for ref in refs if ref not in keys), None)
    if missing is not None:
        raise LookupError(f"neuron {missing} is not in the database and the subject has no capture")
    return sorted(keys[ref] for ref in refs)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronPlace:
    """The place of a neuron: its subject's source and revision, and its layer and index there."""

    source: str
    revision: str
    ref: NeuronRef


def neuron_places(neurons: Iterable[int]) -> dict[int, NeuronPlace]:
    """Return the places of neurons, by key."""
    rows = Neuron.objects.filter(pk__in=set(neurons))
    return {
        pk: NeuronPlace(source=source, revision=revision, ref=NeuronRef(layer=layer, index=index))
        for pk, source, revision, layer, index in rows.values_list(
            "pk", "subject__source", "subject__revision", "layer", "index"
        )
    }


def neuron_keys(subject: int | None = None, neurons: Sequence[int] | None = None) -> list[int]:
    """Return the keys of these neurons, of a subject's, or of all."""
    return list(
        Neuron.objects.filter(_among("", subject, neurons))
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def neuron_keys_in_place(
    subject: int | None = None, neurons: Sequence[int] | None = None
) -> list[int]:
    """Return the same keys by subject, layer and index."""
    found = Neuron.objects.filter(_among("", subject, neurons))
    return list(found.order_by("subject", "layer", "index").values_list("pk", flat=True))


def explanation_keys(subject: int | None = None, neurons: Sequence[int] | None = None) -> list[int]:
    """Return the keys of the explanations of these neurons, of a subject's, or of all.

    Those of one neuron stand together: what is read or encoded for one serves the next.
    """
    among = _among("neuron__", subject, neurons)
    found = Explanation.objects.filter(among).order_by("neuron", "pk")
    return list(found.values_list("pk", flat=True))


def simulation_keys(subject: int | None = None, neurons: Sequence[int] | None = None) -> list[int]:
    """Return the keys of the simulations for these neurons, for a subject's, or of all."""
    among = _among("explanation__neuron__", subject, neurons)
    found = Simulation.objects.filter(among).order_by("explanation__neuron", "pk")
    return list(found.values_list("pk", flat=True))


def _among(path: str, subject: int | None, neurons: Sequence[int] | None) -> Q:
    if neurons is not None:
        return Q(**{f"{path}pk__in": list(neurons)})
    return Q(**{f"{path}subject": subject}) if subject is not None else Q()
