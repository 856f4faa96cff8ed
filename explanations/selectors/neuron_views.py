"""Views of a subject's neurons: from a capture's files, or else from the database."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import monotonic

from django.conf import settings
from django.db.models import QuerySet

from explanations.models import Capture, Neuron, Record, Subject
from explanations.records import NeuronRef, RecordKind, Split, TokenActivations
from explanations.stores.layout import MANIFEST
from explanations.stores.paths import UnsupportedURL, local
from explanations.stores.reader import CaptureStore, StoreError, open_store
from explanations.stores.relations import RelatedStore, read_related
from explanations.stores.remote import fetch

_GLANCE = 4
_LOOK_AGAIN = 60
"""Seconds after which it is looked up whether a store that lies elsewhere was replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronView:
    """One neuron with its figures. `pk` is None where only a capture's files know it.

    Figures that nobody computed are None: an import has no variance, skewness and kurtosis.
    """

    ref: NeuronRef
    pk: int | None
    maximum: float
    mean: float | None
    firing_rate: float | None
    variance: float | None = None
    skewness: float | None = None
    kurtosis: float | None = None
    in_files: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """A record and what it is for: why it was kept, from where, with raw activations."""

    split: Split
    kind: RecordKind
    quantile: int | None
    document: str
    start: int
    excerpt: TokenActivations


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureFacts:
    """Over what a subject was captured."""

    corpus: str
    documents: int
    tokens: int
    window: int


def store_of(subject: Subject) -> CaptureStore | None:
    """Return the files of a subject's newest finished capture, where they can be read.

    A store stays open in the process for the next page. One that lies elsewhere is fetched the
    first time, and whether it was replaced is looked up now and then.
    """
    place = _newest(subject).values_list("directory", flat=True).first()
    return None if place is None else _readable(place)


def store_of_neuron(neuron: Neuron) -> CaptureStore | None:
    """Return the files of the capture that a neuron is from, where they can be read."""
    return None if neuron.capture is None else _readable(neuron.capture.directory)


def _readable(place: str) -> CaptureStore | None:
    try:
        folder = local(place) or _fetched(place, int(monotonic() // _LOOK_AGAIN))
        return _opened(folder, (folder / MANIFEST).stat().st_mtime_ns)
    except (OSError, StoreError, UnsupportedURL):
        return None


def _newest(subject: Subject) -> QuerySet[Capture]:
    return Capture.objects.filter(subject=subject, tokens__gt=0).order_by("-pk")


@lru_cache(maxsize=8)
def _fetched(place: str, while_: int) -> Path:
    """Return the folder with a copy of a store, as it is `while_` a stretch of time lasts."""
    return fetch(place, cache=Path(settings.CAPTURE_CACHE))


@lru_cache(maxsize=8)
def _opened(folder: Path, written: int) -> CaptureStore:
    """Open a store, again where its manifest was `written` at another time."""
    return open_store(folder)


def capture_facts(subject: Subject, store: CaptureStore | None) -> CaptureFacts | None:
    """Return the corpus of a store; None without one."""
    corpus = _newest(subject).values_list("corpus__name", flat=True).first()
    if store is None or corpus is None:
        return None
    manifest = store.manifest
    return CaptureFacts(
        corpus=corpus,
        documents=manifest.documents,
        tokens=manifest.tokens,
        window=manifest.config.window,
    )


def neuron_view(subject: Subject, store: CaptureStore | None, ref: NeuronRef) -> NeuronView | None:
    """Return one neuron, or None where neither the files nor the database know it.

    What was imported with records of its own is shown as it came, whatever was captured since.
    """
    row = Neuron.objects.filter(subject=subject, layer=ref.layer, index=ref.index).first()
    if store is not None and _holds(store, ref) and not _came_with_records(row):
        return _captured(store, ref, row.pk if row else None)
    return _stored(row) if row else None


def _came_with_records(row: Neuron | None) -> bool:
    return row is not None and row.capture_id is None and row.records.exists()


def _holds(store: CaptureStore, ref: NeuronRef) -> bool:
    subject = store.manifest.subject
    return 0 <= ref.layer < subject.layers and 0 <= ref.index < subject.width


def _captured(store: CaptureStore, ref: NeuronRef, pk: int | None) -> NeuronView:
    figures = store.statistics(ref)
    return NeuronView(
        ref=ref,
        pk=pk,
        maximum=figures.maximum,
        mean=figures.mean,
        firing_rate=figures.firing_rate,
        variance=figures.variance,
        skewness=figures.skewness,
        kurtosis=figures.kurtosis,
        in_files=True,
    )


def _stored(row: Neuron) -> NeuronView:
    return NeuronView(
        ref=row.ref,
        pk=row.pk,
        maximum=row.maximum,
        mean=row.mean,
        firing_rate=row.firing_rate,
        in_files=False,
    )


def record_views(store: CaptureStore | None, neuron: NeuronView) -> tuple[RecordView, ...]:
    """Return all records of a neuron but those of images, highest peak first."""
    if neuron.in_files and store is not None:
        records = [
            RecordView(
                split=split,
                kind=record.kind,
                quantile=record.quantile,
                document=record.document,
                start=record.start,
                excerpt=record.excerpt,
            )
            for split in Split
            for record in store.records(neuron.ref, split)
        ]
    else:
        rows = Record.objects.filter(neuron=neuron.pk, document__image__isnull=True)
        records = [_record(row) for row in rows.select_related("document").order_by("pk")]
    return tuple(sorted(records, key=lambda record: -record.excerpt.peak))


def _record(row: Record) -> RecordView:
    return RecordView(
        split=Split(row.document.split),
        kind=RecordKind(row.kind),
        quantile=row.quantile,
        document=row.document.key,
        start=row.start,
        excerpt=row.excerpt,
    )


def top_tokens(store: CaptureStore | None, ref: NeuronRef) -> tuple[str, ...]:
    """Return the few tokens that a neuron responds to most on average, without spaces around."""
    if store is None or not _holds(store, ref):
        return ()
    words = (mean.token.strip() for mean in store.token_means(ref) if mean.mean > 0)
    return tuple(dict.fromkeys(word for word in words if word))[:_GLANCE]


def relations_of(store: CaptureStore | None) -> RelatedStore | None:
    """Return which neurons and tokens are related to which; None where nobody computed it."""
    try:
        return read_related(store.directory) if store else None
    except StoreError:
        return None
