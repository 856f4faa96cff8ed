"""A subject's neurons: by layer, in pages, one at random, the neighbours of one."""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from django.db.models import Count, F, Q
from numpy.typing import NDArray

from explanations.models import Explanation, Neuron, Subject
from explanations.records import NeuronRef
from explanations.stores.reader import CaptureStore

PAGE = 50
_BINS = 24


class Sort(StrEnum):
    """What the neurons of a layer are sorted by."""

    INDEX = "index"
    MAXIMUM = "maximum"
    FIRING_RATE = "firing_rate"
    MEAN = "mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSummary:
    """A layer at a glance; `maxima` counts its neurons in equal bins from 0 to `highest`.

    Without a capture's files `maxima` is empty, and `neurons` are those in the database.
    """

    layer: int
    neurons: int
    firing: int
    explained: int
    median: float | None
    highest: float
    maxima: tuple[int, ...] = ()

    @property
    def share_firing(self) -> float:
        """The share of neurons that fire at all, from 0 to 1."""
        return self.firing / self.neurons if self.neurons else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronRow:
    """One neuron in a table."""

    ref: NeuronRef
    maximum: float
    mean: float | None
    firing_rate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPage:
    """Some neurons of a layer, and how many it has."""

    rows: tuple[NeuronRow, ...]
    total: int


def layer_summaries(subject: Subject, store: CaptureStore | None) -> tuple[LayerSummary, ...]:
    """Return every layer that has neurons; the bins are the same for all layers."""
    rows = Explanation.objects.filter(neuron__subject=subject).order_by()
    explained = dict(
        rows.values_list("neuron__layer").annotate(n=Count("neuron", distinct=True)).order_by()
    )
    if store is None:
        return _stored_layers(subject, explained)
    maxima = store.overview.maximum
    highest = max(float(maxima.max(initial=0.0)), 0.0)
    return tuple(
        LayerSummary(
            layer=layer,
            neurons=len(row),
            firing=int((row > 0).sum()),
            explained=explained.get(layer, 0),
            median=float(np.median(row)),
            highest=highest,
            maxima=_bins(row, highest),
        )
        for layer, row in enumerate(maxima)
    )


def _bins(maxima: NDArray[np.float32], highest: float) -> tuple[int, ...]:
    counts, _ = np.histogram(np.clip(maxima, 0, highest), bins=_BINS, range=(0, highest or 1.0))
    return tuple(counts.tolist())


def _stored_layers(subject: Subject, explained: dict[int, int]) -> tuple[LayerSummary, ...]:
    rows = (
        Neuron.objects.filter(subject=subject)
        .order_by("layer")
        .values_list("layer")
        .annotate(n=Count("pk"), firing=Count("pk", filter=Q(maximum__gt=0)))
    )
    return tuple(
        LayerSummary(
            layer=layer,
            neurons=n,
            firing=firing,
            explained=explained.get(layer, 0),
            median=None,
            highest=0.0,
        )
        for layer, n, firing in rows
    )


def layer_page(
    subject: Subject,
    store: CaptureStore | None,
    layer: int,
    *,
    sort: Sort,
    descending: bool,
    page: int,
) -> LayerPage:
    """Return a page of a layer's neurons, counted from 1; ties are sorted by index."""
    first = (page - 1) * PAGE
    if store is None:
        return _stored_page(subject, layer, sort, descending, first)
    if not 0 <= layer < store.manifest.subject.layers:
        return LayerPage(rows=(), total=0)
    seen = store.overview
    columns: dict[Sort, NDArray[Any]] = {
        Sort.INDEX: np.arange(store.manifest.subject.width),
        Sort.MAXIMUM: seen.maximum[layer],
        Sort.FIRING_RATE: seen.firing_rate[layer],
        Sort.MEAN: seen.mean[layer],
    }
    order = np.argsort(-columns[sort] if descending else columns[sort], kind="stable")
    rows = tuple(
        NeuronRow(
            ref=NeuronRef(layer=layer, index=index),
            maximum=float(seen.maximum[layer, index]),
            mean=float(seen.mean[layer, index]),
            firing_rate=float(seen.firing_rate[layer, index]),
        )
        for index in order[first : first + PAGE].tolist()
    )
    return LayerPage(rows=rows, total=len(order))


def _stored_page(
    subject: Subject, layer: int, sort: Sort, descending: bool, first: int
) -> LayerPage:
    found = Neuron.objects.filter(subject=subject, layer=layer)
    by = F(sort.value).desc(nulls_last=True) if descending else F(sort.value).asc(nulls_last=True)
    rows = found.order_by(by, "index")[first : first + PAGE]
    return LayerPage(
        rows=tuple(
            NeuronRow(
                ref=row.ref,
                maximum=row.maximum,
                mean=row.mean,
                firing_rate=row.firing_rate,
            )
            for row in rows
        ),
        total=found.count(),
    )


def neuron_at_random(subject: Subject, store: CaptureStore | None) -> NeuronRef | None:
    """Return a random neuron that fires, drawn uniformly; None if none does."""
    if store is not None:
        layers, indices = np.nonzero(store.overview.maximum > 0)
        if not len(layers):
            return None
        place = secrets.randbelow(len(layers))
        return NeuronRef(layer=int(layers[place]), index=int(indices[place]))
    firing = Neuron.objects.filter(subject=subject, maximum__gt=0).order_by("pk")
    if not (count := firing.count()):
        return None
    row = firing[secrets.randbelow(count)]
    return row.ref


def adjacent_neurons(
    subject: Subject, store: CaptureStore | None, ref: NeuronRef
) -> tuple[NeuronRef | None, NeuronRef | None]:
    """Return the neuron before and the one after, by layer and index."""
    if store is None:
        return _stored_adjacent(subject, ref)
    width, layers = store.manifest.subject.width, store.manifest.subject.layers
    place = ref.layer * width + ref.index

    def at(number: int) -> NeuronRef | None:
        inside = 0 <= number < layers * width
        return NeuronRef(layer=number // width, index=number % width) if inside else None

    return at(place - 1), at(place + 1)


def _stored_adjacent(subject: Subject, ref: NeuronRef) -> tuple[NeuronRef | None, NeuronRef | None]:
    rows = Neuron.objects.filter(subject=subject)
    before = rows.filter(Q(layer__lt=ref.layer) | Q(layer=ref.layer, index__lt=ref.index))
    after = rows.filter(Q(layer__gt=ref.layer) | Q(layer=ref.layer, index__gt=ref.index))
    first = before.order_by("-layer", "-index").values_list("layer", "index").first()
    last = after.order_by("layer", "index").values_list("layer", "index").first()
    return (
        NeuronRef(layer=first[0], index=first[1]) if first else None,
        NeuronRef(layer=last[0], index=last[1]) if last else None,
    )
