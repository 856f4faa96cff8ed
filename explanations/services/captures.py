"""Captures: planned, finished by a worker, and read into the database neuron by neuron."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.text import slugify

from explanations.corpora.texts import documents, name_of, where
from explanations.models import Capture, Corpus, Document, Neuron, Record, Subject, Target
from explanations.records import NeuronRef, Split, corpus_digest, limited, packed
from explanations.services.batches import batches
from explanations.services.leases import Cost, target_close
from explanations.stores.paths import join
from explanations.stores.reader import (
    CaptureConfig,
    CaptureStore,
    Manifest,
    StoredRecord,
    StoreError,
)

_NEURONS = 100


@transaction.atomic
def capture_create(
    *,
    source: str,
    text: str | Path,
    seed: int = 1,
    window: int = 64,
    name: str = "",
    token_limit: int | None = None,
    shards: int = 1,
) -> Capture:
    """Plan the capture of a subject over a text; the same plan is stored once.

    What the subject is made of is known when a worker has loaded it. `name` is by default the last
    part of `source`, or of both halves of one that is read off a model: `sae@model`. Raises
    `TextError` or `OSError` where the text cannot be read, and `ValueError` for a window that no
    capture can have. A text that was moved is found again by its content; what was captured from it
    stays where it is.
    """
    _check(window, token_limit, shards)
    place = where(text)
    digest = corpus_digest(limited(documents(place), token_limit))
    subject, _ = Subject.objects.get_or_create(
        name=name or _name(source), defaults={"source": source}
    )
    if subject.source != source:
        raise ValueError(f"{subject} is {subject.source}, not {source}: give it another name")
    corpus, _ = Corpus.objects.get_or_create(
        digest=digest, seed=seed, defaults={"name": name_of(text)}
    )
    folder = _folder(subject, corpus, window, token_limit)
    capture, _ = Capture.objects.get_or_create(
        subject=subject,
        corpus=corpus,
        window=window,
        token_limit=token_limit,
        defaults={"text_path": place, "directory": join(settings.CAPTURE_DIR, folder)},
    )
    capture.text_path = place
    if not capture.runs.exists():
        capture.shards = shards
    capture.save(update_fields=["text_path", "shards"])
    return capture


def _check(window: int, token_limit: int | None, shards: int) -> None:
    CaptureConfig(window=window)
    if shards < 1:
        raise ValueError(f"a capture has at least one shard, not {shards}")
    if token_limit is not None and token_limit < shards:
        raise ValueError(f"{token_limit} tokens are too few for {shards} shards")


def _name(source: str) -> str:
    return "@".join(half.rstrip("/").rsplit("/", 1)[-1] for half in source.split("@"))


def _folder(subject: Subject, corpus: Corpus, window: int, token_limit: int | None) -> str:
    """Name a capture's folder after what was planned: equal plans have equal names."""
    what = [subject.source, corpus.digest, corpus.seed, window, token_limit]
    return f"{slugify(subject.name)}-{sha256(json.dumps(what).encode()).hexdigest()[:12]}"


def capture_is_of(*, capture: Capture, manifest: Manifest) -> bool:
    """Tell whether a store holds what a capture planned."""
    return (
        manifest.subject.source == capture.subject.source
        and (manifest.corpus, manifest.seed) == (capture.corpus.digest, capture.corpus.seed)
        and manifest.config.window == capture.window
    )


def shard_store(*, target_id: int, lease: UUID, seconds: float, tokens: int, at: datetime) -> bool:
    """Close a shard whose files are complete; False when the lease is lost."""
    cost = Cost(seconds=seconds, tokens_in=tokens)
    return target_close(target_id, lease, Target.State.DONE, at, cost)


@transaction.atomic
def capture_store(
    *, target_id: int, lease: UUID, manifest: Manifest, at: datetime
) -> Capture | None:
    """Store a finished capture's summary and its subject's; None when the lease is lost.

    The cost of a capture in shards is with the shards.
    """
    whole = not Target.objects.filter(pk=target_id, last=True).exists()
    cost = Cost(seconds=manifest.seconds, tokens_in=manifest.tokens) if whole else Cost()
    if not target_close(target_id, lease, Target.State.DONE, at, cost):
        return None
    capture = Capture.objects.select_related("subject").get(runs__targets=target_id)
    capture.tokens, capture.seconds = manifest.tokens, manifest.seconds
    capture.save(update_fields=["tokens", "seconds"])
    for field in ("revision", "hook", "dtype", "tokenizer", "layers", "width"):
        setattr(capture.subject, field, getattr(manifest.subject, field))
    capture.subject.save()
    return capture


def capture_load(*, capture_id: int, neurons: Iterable[NeuronRef]) -> list[int]:
    """Read neurons with their records out of a finished capture; return their primary keys, sorted.

    A neuron that has records already stays as it is, so this can be repeated. One that came without
    any is given this capture's figures and records. Raises `StoreError` where the capture is not
    finished or has no such neuron.
    """
    capture = Capture.objects.get(pk=capture_id)
    refs = sorted(set(neurons))
    known = _known(capture, refs)
    missing = [ref for ref in refs if ref not in known]
    if missing:
        store = capture.store()
        for few in batches(missing, _NEURONS):
            known.update(_load(capture, store, few))
    return sorted(known[ref] for ref in refs)


def _known(capture: Capture, refs: Sequence[NeuronRef]) -> dict[NeuronRef, int]:
    """Return the primary keys of the neurons that are of this capture or have records."""
    wanted = set(refs)
    rows = Neuron.objects.filter(
        Q(capture=capture) | Exists(Record.objects.filter(neuron=OuterRef("pk"))),
        subject=capture.subject_id,
        layer__in={ref.layer for ref in refs},
    )
    found = {
        NeuronRef(layer=layer, index=index): pk
        for pk, layer, index in rows.values_list("pk", "layer", "index")
    }
    return {ref: pk for ref, pk in found.items() if ref in wanted}


@transaction.atomic
def _load(capture: Capture, store: CaptureStore, refs: Sequence[NeuronRef]) -> dict[NeuronRef, int]:
    stored = {ref: list(_stored(store, ref)) for ref in refs}
    documents = _documents(capture, stored.values())
    neurons = Neuron.objects.bulk_create(
        (_neuron(capture, store, ref) for ref in refs),
        update_conflicts=True,
        unique_fields=["subject", "layer", "index"],
        update_fields=["capture", "maximum", "mean", "firing_rate"],
    )
    keys = {each.ref: each.pk for each in neurons}
    Record.objects.bulk_create(
        (
            _record(keys[ref], documents[record.document], record)
            for ref, records in stored.items()
            for _, record in records
        ),
        ignore_conflicts=True,
        batch_size=1000,
    )
    return keys


def _stored(store: CaptureStore, ref: NeuronRef) -> Iterator[tuple[Split, StoredRecord]]:
    for split in Split:
        for record in store.records(ref, split):
            yield split, record


def _documents(
    capture: Capture, stored: Iterable[list[tuple[Split, StoredRecord]]]
) -> dict[str, int]:
    """Return the primary keys of the documents that records show, made where they are missing."""
    splits = {record.document: split for records in stored for split, record in records}
    Document.objects.bulk_create(
        (
            Document(corpus_id=capture.corpus_id, key=key, split=split)
            for key, split in splits.items()
        ),
        ignore_conflicts=True,
    )
    there = Document.objects.filter(corpus=capture.corpus_id)
    found = {key: (pk, split) for pk, key, split in there.values_list("pk", "key", "split")}
    for key, split in splits.items():
        if found[key][1] != split:
            raise StoreError(f"document {key} is dealt to {found[key][1]}, not to {split}")
    return {key: found[key][0] for key in splits}


def _neuron(capture: Capture, store: CaptureStore, ref: NeuronRef) -> Neuron:
    statistics = store.statistics(ref)
    return Neuron(
        subject_id=capture.subject_id,
        capture=capture,
        layer=ref.layer,
        index=ref.index,
        maximum=statistics.maximum,
        mean=statistics.mean,
        firing_rate=statistics.firing_rate,
    )


def _record(neuron: int, document: int, record: StoredRecord) -> Record:
    return Record(
        neuron_id=neuron,
        document_id=document,
        start=record.start,
        kind=record.kind,
        quantile=record.quantile,
        tokens=list(record.excerpt.tokens),
        values=packed(record.excerpt.activations),
        peak=record.excerpt.peak,
    )
