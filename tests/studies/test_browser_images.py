"""A neuron's page shows its images to whoever may look, and held-out ones to nobody who rates."""

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from explanations.models import Image, Subject
from explanations.services.images import images_import
from tests import factories
from tests.annotation.browsing import agreed, asked
from tests.pictured import row, rows_for, zipped

pytestmark = pytest.mark.django_db
PAGE = "/neurons/vision/0/1/"


@pytest.fixture
def subject(settings: Any, tmp_path: Path) -> Subject:
    """Return a subject that everyone may look at, with twenty-four images of a neuron."""
    settings.IMAGE_DIR = tmp_path / "kept"
    rows = [*rows_for("0/1", 0, n=11), row(90, neuron="0/1", kind="random", licence="CC0")]
    rows = [each for each in rows if each["split"] == "explain" or each["activation"] > 8]
    images_import(path=zipped(tmp_path / "a.zip", rows), subject="vision")
    Subject.objects.update(audience=Subject.Audience.EVERYONE)
    return Subject.objects.get()


def shown(client: Client, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def fetched(client: Client, address: str) -> Any:
    """Return an answer that was read to its end."""
    answer = client.get(address)
    if answer.streaming:
        b"".join(answer)  # type: ignore[arg-type]
    return answer


def test_images_stand_by_kind_with_activation_split_and_words(
    client: Client, subject: Subject
) -> None:
    page = shown(client)
    top, bottom, random = (
        page.index(each) for each in ("Highest activ", "Lowest activ", "Random sample")
    )
    assert top < page.index("9 · for explaining · 0.png") < bottom < random
    assert page.index("\N{MINUS SIGN}10.5 · for") < page.index("\N{MINUS SIGN}9.5 · for")
    assert 'alt="a disc, number 90"' in page
    assert "· CC0" in page
    assert "highest activation on any image" in page
    assert "No records of this neuron" not in page


def test_all_images_of_a_kind_are_shown_on_request(client: Client, subject: Subject) -> None:
    assert "2 more" in shown(client)
    more = shown(client, f"{PAGE}?more=images-bottom")
    assert more.count("<img") == shown(client).count("<img") + 2


def test_images_and_thumbnails_are_fetched_by_whoever_may_look(
    client: Client, subject: Subject
) -> None:
    image = Image.objects.all()[0]
    address = f"/neurons/vision/image-{image.pk}/"
    for size in ("image", "thumbnail"):
        assert f'"/neurons/vision/{size}-{image.pk}/"' in shown(client)
        answer = fetched(client, f"/neurons/vision/{size}-{image.pk}/")
        assert answer["Content-Type"] == "image/webp"
        assert answer["Cache-Control"].startswith("private")
        assert answer["X-Content-Type-Options"] == "nosniff"
    Subject.objects.update(audience=Subject.Audience.STAFF)
    assert fetched(client, address).status_code == 404
    assert client.get(PAGE).status_code == 404
    client.force_login(User.objects.create_superuser("staff"))
    assert fetched(client, address).status_code == 200


def test_an_image_is_fetched_through_its_own_subject_alone(
    client: Client, subject: Subject
) -> None:
    factories.subject(name="other", audience="everyone")
    image = Image.objects.all()[0]
    assert client.get(f"/neurons/other/image-{image.pk}/").status_code == 404
    assert client.get("/neurons/vision/image-999999/").status_code == 404


def test_who_rates_is_shown_no_held_out_image(client: Client, subject: Subject) -> None:
    held_out = Image.objects.filter(document__split="score")[0]
    address = f"/neurons/vision/image-{held_out.pk}/"
    assert "held out" in shown(client)
    assert fetched(client, address).status_code == 200
    study = factories.open_study()
    assert study.batch is not None
    asked(agreed(client, study.batch), study.batch)
    assert "held out" not in shown(client)
    assert fetched(client, address).status_code == 404
    assert client.get(address.replace("image", "thumbnail")).status_code == 404


def test_a_neuron_of_texts_has_no_place_for_images(client: Client) -> None:
    neuron = factories.neuron_with_records(subject=factories.subject(audience="everyone"))
    page = shown(client, f"/neurons/{neuron.subject.name}/0/{neuron.index}/")
    assert "#images" not in page
    assert "images.css" not in page
    assert "on any token" in page
