"""Images with neurons' activations on them: a whole zip comes in, or none of it.

What is there already stays as it is, so a zip can be imported twice.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from explanations.formats.fields import text_fault
from explanations.formats.images.archive import Archive, FileRefused, open_archive
from explanations.formats.images.manifest import ImageManifest, ImageRow, read_manifest
from explanations.formats.images.pixels import SUFFIX, PixelsRefused, picture
from explanations.formats.lines import FormatError, Problem
from explanations.models import Corpus, Document, Image, Neuron, Record, Subject
from explanations.records import NeuronRef, packed
from explanations.services.imports import subject_fit
from explanations.services.imports_scores import ImportProblem

_ROWS = 500

Progress = Callable[[int, int], None]
"""Called with the number of decoded images and the total."""


class ImagesRefused(ValueError):
    """A zip of which nothing was stored; `faults` lists the problems, row by row."""

    def __init__(self, faults: Iterable[Problem]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCounts:
    """What was new; `unnamed` are files of the zip that no row of the manifest names."""

    images: int
    neurons: int
    records: int
    unnamed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decoded:
    """An image in the staging folder under `name`, with its thumbnail."""

    name: str
    width: int
    height: int

    @property
    def thumbnail(self) -> str:
        return self.name.removesuffix(SUFFIX) + f"-small{SUFFIX}"


@dataclass(slots=True)
class _Work:
    """One import: its manifest, decoded images and problems."""

    manifest: ImageManifest
    subject: str
    images: dict[str, _Decoded] = field(default_factory=dict)
    faults: list[Problem] = field(default_factory=list)

    def note(self, row: ImageRow, name: str, message: str) -> None:
        self.faults.append(self.manifest.fault(row, name, message))

    def stop_at_faults(self) -> None:
        if self.faults:
            raise ImagesRefused(self.faults)


def images_import(*, path: Path, subject: str, progress: Progress | None = None) -> ImageCounts:
    """Store the images of a zip, and records of a subject's neurons on them.

    A subject and neurons that are not there yet are made. `FormatError` where the zip or its
    manifest cannot be read at all, `ImagesRefused` with all problems of its rows; nothing is stored
    then, neither rows nor files.
    """
    if fault := text_fault(subject, 200, empty=False):
        raise FormatError(f"the subject's name {fault}")
    with open_archive(path) as archive, tempfile.TemporaryDirectory(prefix="images-") as folder:
        manifest = read_manifest(archive.manifest, archive.read_manifest())
        work = _Work(manifest, subject, faults=list(manifest.faults))
        _decode(work, archive, Path(folder), progress or (lambda done, total: None))
        _agree(work)
        work.stop_at_faults()
        named = {row.file for row in manifest.rows}
        counts = _stored(work, Path(folder))
        unnamed = tuple(sorted(archive.files.keys() - named))
        return ImageCounts(**counts, unnamed=unnamed)


def _decode(work: _Work, archive: Archive, folder: Path, progress: Progress) -> None:
    """Decode each image once into the folder; a problem is reported at its first row."""
    first: dict[str, ImageRow] = {}
    for row in work.manifest.rows:
        first.setdefault(row.file, row)
    for done, (file, row) in enumerate(first.items(), start=1):
        try:
            found = picture(archive.read(file))
        except (FileRefused, PixelsRefused) as refused:
            work.note(row, "file", str(refused))
        else:
            made = _Decoded(name=f"{found.digest}{SUFFIX}", width=found.width, height=found.height)
            (folder / made.name).write_bytes(found.content)
            (folder / made.thumbnail).write_bytes(found.thumbnail)
            work.images[file] = made
        progress(done, len(first))


def _agree(work: _Work) -> None:
    """Note rows that contradict an earlier one. The same pixels are the same image."""
    about: dict[str, ImageRow] = {}
    on: dict[tuple[NeuronRef, str], ImageRow] = {}
    for row in work.manifest.rows:
        if row.file not in work.images:
            continue
        name = work.images[row.file].name
        before = about.setdefault(name, row)
        if before.split != row.split:
            said = f"line {before.line} has the same image in the split {before.split}"
            work.note(row, "split", f"{said}: an image is in one split")
        if before.alternative != row.alternative:
            work.note(row, "alternative", f"line {before.line} describes the same image otherwise")
        if (twin := on.setdefault((row.neuron, name), row)) is not row:
            work.note(row, "neuron", f"line {twin.line} has this neuron on the same image")


# --- Storing --------------------------------------------------------------------------------------


def _stored(work: _Work, folder: Path) -> dict[str, int]:
    """Store rows and files together: a file that is new goes again if the rows do not stay."""
    kept = Path(settings.IMAGE_DIR)
    new: list[Path] = []
    try:
        _put(folder, kept, new)
        with transaction.atomic():
            counts = _rows_stored(work)
    except BaseException:
        _take_back(new)
        raise
    # Another import that failed meanwhile may have taken a file back that was its own as well.
    _put(folder, kept, new)
    return counts


def _rows_stored(work: _Work) -> dict[str, int]:
    subject, _ = Subject.objects.get_or_create(name=work.subject)
    subject = Subject.objects.select_for_update().get(pk=subject.pk)
    _fit(work, subject)
    corpus = _corpus(subject)
    documents, images = _documents(work, corpus)
    neurons, made = _neurons(work, subject)
    records = _records(work, corpus, documents, neurons)
    work.stop_at_faults()
    Record.objects.bulk_create(records, batch_size=_ROWS)
    return {"images": images, "neurons": made, "records": len(records)}


def _put(folder: Path, kept: Path, new: list[Path]) -> None:
    """Copy the files of a folder to where they are kept, and note the new ones.

    Each is moved into place whole. A file that is there already holds the same pixels.
    """
    kept.mkdir(parents=True, exist_ok=True)
    for file in sorted(folder.iterdir()):
        target = kept / file.name
        if not target.exists():
            _put_one(file, target)
            new.append(target)


def _put_one(file: Path, target: Path) -> None:
    partial = target.with_name(f"{uuid4().hex}.part")
    try:
        shutil.copyfile(file, partial)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def _take_back(new: Sequence[Path]) -> None:
    """Delete the files that no stored image has."""
    for at in range(0, len(new), _ROWS):
        few = {target.name: target for target in new[at : at + _ROWS]}
        rows = Image.objects.filter(Q(file__in=few) | Q(thumbnail__in=few))
        has = {name for names in rows.values_list("file", "thumbnail") for name in names}
        for name in few.keys() - has:
            few[name].unlink(missing_ok=True)


def _fit(work: _Work, subject: Subject) -> None:
    """Let the subject grow to hold the neurons, unless a capture fixed its size."""
    deepest = max(work.manifest.rows, key=lambda row: row.neuron.layer)
    widest = max(work.manifest.rows, key=lambda row: row.neuron.index)
    for row, name, place, at in (
        (deepest, "layers", "layer", deepest.neuron.layer),
        (widest, "width", "index", widest.neuron.index),
    ):
        try:
            subject_fit(subject, name, 0, place, at)
        except ImportProblem as fault:
            work.note(row, "neuron", str(fault))


def _corpus(subject: Subject) -> Corpus:
    digest = hashlib.sha256(f"images:{subject.name}".encode()).hexdigest()
    corpus, _ = Corpus.objects.get_or_create(
        digest=digest, seed=0, defaults={"name": f"images of {subject.name}"[:200]}
    )
    return corpus


def _documents(work: _Work, corpus: Corpus) -> tuple[dict[str, Document], int]:
    """Return each image's document by the image's name, and how many are new."""
    there = {
        document.key: document
        for document in Document.objects.filter(corpus=corpus).select_related("image")
    }
    new: list[Image] = []
    for row in work.manifest.rows:
        decoded = work.images[row.file]
        document = there.get(decoded.name)
        if document is None:
            there[decoded.name] = Document(corpus=corpus, key=decoded.name, split=row.split)
            new.append(_image(there[decoded.name], row, decoded))
            continue
        if document.split != row.split:
            said = f"the image is stored in the split {document.split}"
            work.note(row, "split", f"{said}: an image is in one split")
        if document.image.alternative != row.alternative:
            work.note(row, "alternative", "the image is stored with another")
    Document.objects.bulk_create([image.document for image in new], batch_size=_ROWS)
    Image.objects.bulk_create(new, batch_size=_ROWS)
    return there, len(new)


def _image(document: Document, row: ImageRow, decoded: _Decoded) -> Image:
    return Image(
        document=document,
        original=row.file,
        file=decoded.name,
        thumbnail=decoded.thumbnail,
        width=decoded.width,
        height=decoded.height,
        alternative=row.alternative,
        source=row.source,
        licence=row.licence,
    )


def _neurons(work: _Work, subject: Subject) -> tuple[dict[NeuronRef, Neuron], int]:
    """Return the neurons named, and how many are new; a maximum grows with what is seen."""
    peaks: dict[NeuronRef, float] = {}
    for row in work.manifest.rows:
        peaks[row.neuron] = max(row.activation, peaks.get(row.neuron, row.activation))
    layers = {ref.layer for ref in peaks}
    there = {
        neuron.ref: neuron for neuron in Neuron.objects.filter(subject=subject, layer__in=layers)
    }
    new = [
        Neuron(subject=subject, layer=ref.layer, index=ref.index, maximum=peak)
        for ref, peak in sorted(peaks.items())
        if ref not in there
    ]
    higher = [there[ref] for ref, peak in peaks.items() if ref in there]
    for neuron in higher:
        ref = neuron.ref
        neuron.maximum = max(neuron.maximum, peaks[ref])
    Neuron.objects.bulk_update(higher, ["maximum"], batch_size=_ROWS)
    for neuron in Neuron.objects.bulk_create(new, batch_size=_ROWS):
        there[neuron.ref] = neuron
    return there, len(new)


def _records(
    work: _Work,
    corpus: Corpus,
    documents: dict[str, Document],
    neurons: dict[NeuronRef, Neuron],
) -> list[Record]:
    """Return the records that are new; one that is stored must be what the row says."""
    stored = {
        (record.neuron_id, record.document_id): record
        for record in Record.objects.filter(document__corpus=corpus).defer("tokens")
    }
    found = []
    for row in work.manifest.rows:
        made = _record(row, neurons[row.neuron], documents[work.images[row.file].name])
        before = stored.get((made.neuron_id, made.document_id))
        if before is None:
            found.append(made)
        elif (before.values, before.kind) != (made.values, row.kind):
            work.note(row, "activation", f"{before.peak:g} is stored, as “{before.kind}”")
    return found


def _record(row: ImageRow, neuron: Neuron, document: Document) -> Record:
    value = np.array([row.activation], dtype=np.float32)
    return Record(
        neuron=neuron,
        document=document,
        start=0,
        kind=row.kind,
        tokens=[row.alternative],
        values=packed(value),
        peak=float(value[0]),
    )
