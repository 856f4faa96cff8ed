"""A zip of images comes in whole, with its neurons and records, or leaves nothing."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from explanations.formats.lines import FormatError
from explanations.models import Document, Image, ImageImport, Neuron, Record, Subject
from explanations.records import RecordKind, Split
from explanations.services import image_imports
from explanations.services.images import ImagesRefused, images_import
from explanations.tasks import import_images, messages_waiting, sweep
from explanations.tasks.stopping import stopping
from tests import factories
from tests.pictured import drawing, row, rows_for, written, zipped

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept(settings: Any, tmp_path: Path) -> Path:
    """Return the folder that images are kept in."""
    settings.IMAGE_DIR = tmp_path / "kept"
    return tmp_path / "kept"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "images.zip"


def files(kept: Path) -> list[Path]:
    return [path for path in kept.rglob("*") if path.is_file()]


# --- What comes in --------------------------------------------------------------------------------


def test_images_neurons_and_records_come_in(place: Path, kept: Path) -> None:
    rows = [*rows_for("3/7", 0), *rows_for("0/2", 100)]
    counts = images_import(path=zipped(place, rows), subject="vision")
    assert (counts.images, counts.neurons, counts.records) == (32, 2, 32)
    subject = Subject.objects.get(name="vision")
    assert (subject.layers, subject.width) == (4, 8)
    neuron = Neuron.objects.get(subject=subject, layer=3, index=7)
    assert neuron.maximum == 9.0
    record = neuron.records.select_related("document__image").get(
        peak=-3.5, document__split="score"
    )
    image = record.document.image
    assert record.kind == RecordKind.BOTTOM
    assert record.tokens == [image.alternative]
    assert record.excerpt.activations.tolist() == [-3.5]
    assert (image.width, image.height) == (64, 48)
    assert {path.name for path in files(kept)} == {
        name for image in Image.objects.all() for name in (image.file, image.thumbnail)
    }


def test_one_image_may_be_of_many_neurons_and_lies_there_once(place: Path, kept: Path) -> None:
    rows = [row(1, neuron=f"0/{i}") for i in range(3)]
    counts = images_import(path=zipped(place, rows), subject="vision")
    assert (counts.images, counts.neurons, counts.records) == (1, 3, 3)
    assert len(files(kept)) == 2


def test_a_zip_can_be_imported_twice_and_another_adds_to_it(place: Path, kept: Path) -> None:
    rows = rows_for("3/7", 0)
    images_import(path=zipped(place, rows), subject="vision")
    again = images_import(path=place, subject="vision")
    assert (again.images, again.neurons, again.records) == (0, 0, 0)
    more = [*rows, row(99, activation=20.0)]
    added = images_import(path=zipped(place, more), subject="vision")
    assert (added.images, added.records) == (1, 1)
    assert Neuron.objects.get().maximum == 20.0


def test_a_large_zip_holds_the_database_no_longer_for_each_row(
    place: Path, django_assert_max_num_queries: Any
) -> None:
    rows = [each for i in range(5) for each in rows_for(f"0/{i}", 100 * i)]
    zipped(place, rows)
    with django_assert_max_num_queries(24):
        counts = images_import(path=place, subject="vision")
    assert (counts.images, counts.records) == (80, 80)


def test_files_that_no_row_names_are_told_and_left_out(place: Path, kept: Path) -> None:
    named = {"1.png": written(drawing(1)), "spare.png": written(drawing(2))}
    counts = images_import(path=zipped(place, [row(1)], named), subject="vision")
    assert counts.unnamed == ("spare.png",)
    assert len(files(kept)) == 2


# --- What is refused ------------------------------------------------------------------------------


SAME = {name: written(drawing(1)) for name in ("1.png", "2.png")}


@pytest.mark.parametrize(
    ("rows", "given", "said"),
    [
        ([row(1), row(2, kind="best")], None, "line 2, 2.png, kind: should be 'top', "),
        ([row(1), row(2)], {"1.png": b"GIF89a"}, "line 1, 1.png, file: is no PNG"),
        ([row(1), row(2)], {"1.png": SAME["1.png"]}, "line 2, 2.png, file: there is no such file"),
        ([row(1), row(1, neuron="0/1", split="score")], None, "line 2, 1.png, split: line 1 has"),
        (
            [row(1), row(2, neuron="0/1", alternative="another")],
            SAME,
            "line 2, 2.png, alternative: line 1 describes the same image otherwise",
        ),
        (
            [row(1), row(2, alternative="a disc, number 1")],
            SAME,
            "line 2, 2.png, neuron: line 1 has this neuron on the same image",
        ),
    ],
)
def test_with_one_fault_nothing_is_stored(
    place: Path, kept: Path, rows: list[Any], given: dict[str, bytes] | None, said: str
) -> None:
    with pytest.raises(ImagesRefused) as refused:
        images_import(path=zipped(place, rows, given), subject="vision")
    assert said in str(refused.value)
    assert not Subject.objects.exists()
    assert not files(kept)


def test_what_contradicts_the_database_is_refused_and_takes_its_files_back(
    place: Path, kept: Path
) -> None:
    images_import(path=zipped(place, [row(1), row(2), row(3)]), subject="vision")
    before = sorted(files(kept))
    changed = [
        row(1, split="score"),
        row(2, alternative="another"),
        row(3, activation=1.0),
        row(4),
    ]
    with pytest.raises(ImagesRefused) as refused:
        images_import(path=zipped(place, changed), subject="vision")
    found = [(fault.location.line, fault.field) for fault in refused.value.faults]
    assert found == [(1, "split"), (2, "alternative"), (3, "activation")]
    assert sorted(files(kept)) == before
    assert Record.objects.count() == Document.objects.count() == 3


def test_a_file_that_another_import_stored_meanwhile_is_not_taken_back(
    place: Path, kept: Path
) -> None:
    images_import(path=zipped(place, [row(1)]), subject="vision")
    for file in files(kept):
        file.unlink()
    with pytest.raises(ImagesRefused):
        images_import(path=zipped(place, [row(1, activation=1.0), row(2)]), subject="vision")
    image = Image.objects.get()
    assert {path.name for path in files(kept)} == {image.file, image.thumbnail}


def test_a_captured_subject_has_no_neurons_beyond_its_size(place: Path) -> None:
    subject = factories.subject(name="captured", width=5)
    corpus = factories.document().corpus
    subject.captures.create(corpus=corpus, text_path="", directory="", tokens=9)
    with pytest.raises(ImagesRefused, match=r"line 1, 1\.png, neuron: .* was captured with"):
        images_import(path=zipped(place, [row(1)]), subject="captured")


def test_the_command_names_faults_and_says_what_came_in(place: Path) -> None:
    out, err = StringIO(), StringIO()
    call_command("import_images", zipped(place, [row(1)]), subject="vision", stdout=out)
    assert "1 image, 1 neuron and 1 record imported" in out.getvalue()
    zipped(place, [row(1, neuron="x"), row(2, split="y")])
    with pytest.raises(CommandError, match="Nothing was imported; problems: 2"):
        call_command("import_images", place, subject="vision", stderr=err)
    assert "line 1, 1.png, neuron" in err.getvalue()
    with pytest.raises(CommandError, match="no zip that can be read"):
        call_command("import_images", place.parent / "absent.zip", subject="vision")
    with pytest.raises(FormatError, match="the subject's name is empty"):
        images_import(path=place, subject=" ")


# --- What people send -----------------------------------------------------------------------------


LIST = "/admin/explanations/imageimport/"


def sent(client: Client, content: bytes, subject: str = "vision") -> Any:
    given = {"zip": SimpleUploadedFile("fish.zip", content), "subject": subject}
    return client.post(f"{LIST}send/", given, follow=True)


def test_a_zip_that_is_sent_is_taken_in_by_a_worker(
    admin_client: Client, place: Path, kept: Path
) -> None:
    assert f"{LIST}send/" in admin_client.get(LIST).content.decode()
    page = sent(admin_client, zipped(place, rows_for("3/7", 0)).read_bytes())
    assert "Waiting for a worker" in page.content.decode()
    assert page.headers["Refresh"]
    assert import_images() == 1
    taken = ImageImport.objects.get()
    shown = admin_client.get(f"{LIST}{taken.pk}/change/")
    assert "Refresh" not in shown.headers
    assert "Imported 16 images, 1 neuron and 16 records" in " ".join(shown.content.decode().split())
    assert (taken.done, taken.total, taken.faults) == (16, 16, "")
    assert Record.objects.filter(document__split=Split.SCORE).count() == 8
    assert not list((kept / "waiting").iterdir())


def test_every_fault_of_a_zip_that_is_sent_is_listed(admin_client: Client, place: Path) -> None:
    sent(admin_client, zipped(place, [row(1, neuron="<b>"), row(2, split="y")]).read_bytes())
    import_images()
    page = admin_client.get(f"{LIST}{ImageImport.objects.get().pk}/change/").content.decode()
    assert "Nothing was imported" in page
    assert "line 1, 1.png, neuron: expected layer/index, like 3/120, not &#x27;&lt;b&gt;" in page
    assert "line 2, 2.png, split" in page


def test_what_is_no_zip_is_refused_on_the_form(admin_client: Client) -> None:
    page = sent(admin_client, b"no zip").content.decode()
    assert "This file is not a zip" in page
    assert not ImageImport.objects.exists()


def test_only_whoever_may_sends_images(client: Client) -> None:
    client.force_login(User.objects.create_user("looker", is_staff=True))
    assert client.get(f"{LIST}send/").status_code == 403
    assert client.post(f"{LIST}send/", {}).status_code == 403


def test_a_worker_that_ends_hands_a_zip_back_and_one_that_dies_loses_it(
    admin_client: Client, place: Path
) -> None:
    sent(admin_client, zipped(place, [row(1)]).read_bytes())
    at = timezone.now()
    for turn in range(3):
        later = at + timedelta(hours=turn)
        assert image_imports.image_import_claim(at=later) is not None
        assert image_imports.image_import_claim(at=later) is None
    assert image_imports.image_import_claim(at=at + timedelta(hours=4)) is None
    assert "given up" in ImageImport.objects.get().faults


def test_sweeps_send_for_a_worker_while_a_zip_waits_and_pile_nothing_up(
    admin_client: Client, place: Path
) -> None:
    before = messages_waiting("cpu")
    sweep()
    assert messages_waiting("cpu") == before
    sent(admin_client, zipped(place, [row(1)]).read_bytes())
    for _ in range(3):
        sweep()
    assert messages_waiting("cpu") == max(before, 1)


def test_a_worker_that_is_to_end_stops_between_two_images(
    admin_client: Client, place: Path
) -> None:
    sent(admin_client, zipped(place, [row(1), row(2)]).read_bytes())
    taken = image_imports.image_import_claim(at=timezone.now())
    assert taken is not None
    from explanations.tasks.images import _import

    stopping.set()
    try:
        _import(taken)
    finally:
        stopping.clear()
    assert not Image.objects.exists()
    assert import_images() == 1
    assert Image.objects.count() == 2
