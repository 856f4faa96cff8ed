"""A capture's files are found for a page wherever they lie, and again once they changed."""

from pathlib import Path
from typing import Any

import pytest

from explanations.models import Capture, Corpus, Subject
from explanations.records import NeuronRef, Split
from explanations.selectors.neuron_views import neuron_view, record_views, store_of
from explanations.stores.reader import open_store
from explanations.stores.remote import publish
from tests import factories

pytestmark = pytest.mark.django_db

FIRST = NeuronRef(layer=0, index=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Capture a few letters; return the store's folder."""
    pytest.importorskip("torch", reason="the `models` extra is not installed")
    from tests.explanations.test_capture import captured, letters

    captured(tmp_path, letters("a fish in the sea", "an owl in a tree"))
    return tmp_path / "store"


def finished(subject: Subject, directory: str, *, tokens: int = 33) -> Capture:
    """Make a capture over a text of its own."""
    number = Capture.objects.count()
    corpus = Corpus.objects.create(name="text", digest=str(number), seed=1)
    return Capture.objects.create(
        subject=subject, corpus=corpus, text_path="", directory=directory, tokens=tokens
    )


def test_the_newest_finished_capture_is_opened_and_kept_open(folder: Path) -> None:
    subject = factories.subject()
    assert store_of(subject) is None
    finished(subject, "/nowhere")
    finished(subject, str(folder))
    finished(subject, "/not/finished", tokens=0)
    store = store_of(subject)
    assert store is not None
    assert store.directory == folder
    assert store_of(subject) is store


@pytest.mark.parametrize("place", ["/nowhere", "memory://nowhere", "no-such-protocol://x/y"])
def test_files_that_are_gone_are_no_fault_of_the_page(place: str) -> None:
    subject = factories.subject()
    finished(subject, place)
    assert store_of(subject) is None


def test_a_store_that_lies_elsewhere_is_fetched_once(
    folder: Path, tmp_path: Path, settings: Any
) -> None:
    settings.CAPTURE_CACHE = tmp_path / "cache"
    publish(folder, f"memory://{tmp_path.name}/store")
    subject = factories.subject()
    finished(subject, f"memory://{tmp_path.name}/store")
    store = store_of(subject)
    assert store is not None
    assert tmp_path / "cache" in store.directory.parents
    assert store.overview.maximum.tolist() == open_store(folder).overview.maximum.tolist()


def test_a_store_that_was_made_anew_is_opened_anew(folder: Path) -> None:
    subject = factories.subject()
    finished(subject, str(folder))
    before = store_of(subject)
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text())
    assert store_of(subject) is not before


def test_records_come_from_the_files_for_what_the_database_does_not_hold(folder: Path) -> None:
    subject = factories.subject()
    finished(subject, str(folder))
    store = store_of(subject)
    neuron = neuron_view(subject, store, FIRST)
    assert neuron is not None
    assert neuron.pk is None
    records = record_views(store, neuron)
    assert store is not None
    assert len(records) == sum(len(store.records(FIRST, split)) for split in Split)
    peaks = [record.excerpt.peak for record in records]
    assert peaks == sorted(peaks, reverse=True)
    assert neuron_view(subject, store, NeuronRef(layer=4, index=0)) is None


def test_an_explained_neuron_without_records_is_shown_from_the_files(folder: Path) -> None:
    subject = factories.subject()
    finished(subject, str(folder))
    bare = factories.neuron(subject=subject, layer=0, index=0, maximum=99.0)
    neuron = neuron_view(subject, store_of(subject), FIRST)
    assert neuron is not None
    assert (neuron.pk, neuron.in_files) == (bare.pk, True)
    assert neuron.maximum < 99.0
