"""A study on images: which ones raters see, under which names, and who can fetch them."""

from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from annotation.models import Assignment, Item
from annotation.services.batches import NewItem, batch_create
from explanations.models import Image, Record, Subject
from explanations.records import Split
from explanations.services.images import images_import
from studies.exports.tables import TABLES
from studies.models import Study, StudyItem
from studies.services.building import study_build, study_unbuild
from studies.services.errors import StudyRefused
from studies.services.from_preset import study_start
from tests import factories
from tests.annotation.factories import item_of
from tests.pictured import rows_for, zipped
from tests.studies.stocked import stocked_study
from tests.studies.test_study_start import as_filled_in

pytestmark = pytest.mark.django_db
NAME = "borowski-2021"


def images_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the images of a payload, in its order."""
    groups = [image for group in payload["groups"] for image in group["excerpts"]]
    return [*groups, *(option["shown"] for option in payload["options"])]


def built(**values: Any) -> Study:
    study = stocked_study(NAME, **values)
    study_build(study=study)
    return study


def items_of(study: Study) -> list[StudyItem]:
    return list(study.items.select_related("item").order_by("item__position"))


# --- Which ------------------------------------------------------------------------------------


def test_the_lowest_images_stand_left_the_highest_right_and_what_is_asked_is_held_out() -> None:
    for each in items_of(built(excerpts=3, neurons=4)):
        groups = each.item.payload["groups"]
        headings = [group["heading"] for group in groups]
        assert headings == ["The unit hardly responds", "The unit responds strongly"]
        words = [[image["alternative"] for image in group["excerpts"]] for group in groups]
        of = f"e{each.neuron.index}"
        assert words[0] == [f"a square {i} of {of}" for i in (3, 2, 1)]
        assert words[1] == [f"a disc {i} of {of}" for i in (0, 1, 2)]
        behind = {option.key: option.record for option in each.options.all()}
        assert each.known is not None
        right = behind.pop(each.known["choice"])
        [wrong] = behind.values()
        assert right is not None
        assert wrong is not None
        assert right.document.split == wrong.document.split == Split.SCORE
        assert right.peak == 9.0 > 0 > wrong.peak


def test_in_a_catch_trial_an_example_is_asked_about_under_another_name() -> None:
    catches = [each for each in items_of(built(catches=50)) if each.role == StudyItem.Role.CATCH]
    assert catches
    for each in catches:
        payload = each.item.payload
        examples = {image["alternative"] for image in payload["groups"][1]["excerpts"]}
        options = {option["key"]: option["shown"] for option in payload["options"]}
        assert each.known is not None
        assert options[each.known["choice"]]["alternative"] in examples
        names = [image["name"] for image in images_of(payload)]
        assert len(set(names)) == len(names)


def test_the_right_image_stands_in_both_places_equally_often() -> None:
    places = Counter(
        [option["key"] for option in each.item.payload["options"]].index(each.known["choice"])
        for each in items_of(built(neurons=10))
        if each.known
    )
    assert places == {0: 5, 1: 5}


# --- Names ------------------------------------------------------------------------------------


def test_no_name_that_a_rater_sees_is_a_files_and_none_comes_twice() -> None:
    study = built(repeats=50, catches=50)
    stored = set(Image.objects.values_list("file", flat=True))
    names = [image["name"] for each in items_of(study) for image in images_of(each.item.payload)]
    assert len(set(names)) == len(names)
    assert not stored & set(names)
    for each in items_of(study):
        behind = [each.item.pictures[image["name"]] for image in images_of(each.item.payload)]
        assert {files["file"] for files in behind} <= stored


def test_another_study_and_another_key_give_other_names(settings: Any) -> None:
    study = built(neurons=1)
    [first] = items_of(study)
    names = set(first.item.pictures)
    study_unbuild(study=study)
    settings.SECRET_KEY = "another"  # noqa: S105
    study_build(study=study)
    [again] = items_of(study)
    assert not names & set(again.item.pictures)


def test_an_item_has_no_picture_that_its_question_does_not_show() -> None:
    strange = NewItem(item_of("choose"), 1, pictures={"a" * 32 + ".webp": {"file": "secret"}})
    with pytest.raises(ValueError, match="item 0: shows no image aaaa"):
        batch_create(
            title="t",
            protocol="choose",
            consent="c",
            instructions="i",
            items=[strange],
            items_per_rater=1,
        )


# --- Fetching ---------------------------------------------------------------------------------


@pytest.fixture
def opened(settings: Any, tmp_path: Path) -> Study:
    """Return an open study of two neurons whose images came in as a zip."""
    settings.IMAGE_DIR = tmp_path / "kept"
    rows = [*rows_for("0/1", 0, n=2), *rows_for("0/2", 50, n=2)]
    images_import(path=zipped(tmp_path / "CANARY.zip", rows), subject="CANARY-SUBJECT")
    sizes = {"overlap": 1, "items_per_rater": 1, "excerpts": 2}
    study = Study(preset=NAME, title="A study", slug="a-study", **sizes)
    subject = Subject.objects.get()
    study_start(study=study, subject=subject, methods=(), neurons=9, is_open=True)
    return study


def asked(client: Client, study: Study) -> tuple[Assignment, str]:
    """Let a new rater be asked; return their assignment and the page."""
    assert study.batch is not None
    token = study.batch.token
    client.post(reverse("annotation:invitation", args=[token]))
    page = client.get(reverse("annotation:next", args=[token])).content.decode()
    return Assignment.objects.latest("pk"), page


def address(assignment: Assignment, name: str, size: str = "image") -> str:
    batch = assignment.item.batch
    return reverse(f"annotation:{size}", args=[batch.token, assignment.key, name])


def test_a_rater_fetches_thumbnails_and_images_and_learns_nothing_from_them(
    client: Client, opened: Study
) -> None:
    assignment, page = asked(client, opened)
    files = {row.file for row in Image.objects.all()}
    for image in images_of(assignment.item.payload):
        assert address(assignment, image["name"], "thumbnail") in page
        for size in ("thumbnail", "image"):
            answer = client.get(address(assignment, image["name"], size))
            assert answer.status_code == HTTPStatus.OK
            assert answer["Content-Type"] == "image/webp"
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Cache-Control"] == "private, max-age=3600, immutable"
            content = b"".join(answer)  # type: ignore[arg-type]
            assert content[8:12] == b"WEBP"
            said = f"{answer.headers}".encode() + content
            assert b"CANARY" not in said
            assert not [name for name in files if name.encode() in said]
            assert "Last-Modified" not in answer.headers


def test_an_image_is_nobody_elses_and_no_other_name_leads_to_it(
    client: Client, opened: Study
) -> None:
    assignment, _ = asked(client, opened)
    name = images_of(assignment.item.payload)[0]["name"]
    stranger = Client()
    asked(stranger, opened)
    for size in ("thumbnail", "image"):
        assert stranger.get(address(assignment, name, size)).status_code == HTTPStatus.NOT_FOUND
        stored = assignment.item.pictures[name]["file"]
        found = client.get(address(assignment, stored, size))
        assert found.status_code == HTTPStatus.NOT_FOUND
        assert "no-store" in found["Cache-Control"]


# --- What is missing --------------------------------------------------------------------------


def test_a_subject_without_images_is_refused_in_words(admin_client: Client) -> None:
    stocked_study("zimmermann-2021")
    page = admin_client.post(
        f"/admin/studies/study/start/{NAME}/", {**as_filled_in(admin_client, NAME), "open": "yes"}
    )
    assert "has an image to show: import images as a zip" in page.content.decode()


def test_a_subject_with_images_alone_has_no_texts_to_show(admin_client: Client) -> None:
    stocked_study(NAME)
    sent = {**as_filled_in(admin_client, "zimmermann-2021"), "open": "yes"}
    page = admin_client.post("/admin/studies/study/start/zimmermann-2021/", sent)
    assert "has a record to show: capture or import some" in page.content.decode()


def test_a_neuron_without_quiet_images_is_left_out_with_the_reason() -> None:
    study = stocked_study(NAME)
    Record.objects.filter(peak__lte=0).delete()
    with pytest.raises(StudyRefused, match="without an image with little activation"):
        study_build(study=study)
    assert not Item.objects.exists()


# --- What analysts are given ------------------------------------------------------------------


def test_the_export_says_which_file_stands_behind_each_record() -> None:
    study = built(neurons=1)
    rows = {row["record"]: row for row in TABLES["records"].rows(study)}
    [item] = items_of(study)
    assert set(item.records) == set(rows)
    for pk, row in rows.items():
        stored = Image.objects.get(document__records=pk)
        assert (row["image"], row["tokens"]) == (stored.original, [stored.alternative])


def test_starting_it_begins_with_a_subject_that_has_images(client: Client) -> None:
    client.force_login(User.objects.create_superuser("staff"))
    pictured = stocked_study(NAME).neurons.all()[0].subject
    texts = factories.neuron_with_records(
        subject=factories.subject(name="a first of texts")
    ).subject
    for name, subject in ((NAME, pictured), ("written", texts)):
        page = client.get(f"/admin/studies/study/start/{name}/")
        assert page.context["form"].subject == subject
        assert f'<option value="{subject.pk}" selected>' in " ".join(page.content.decode().split())
