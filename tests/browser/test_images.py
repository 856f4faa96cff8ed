"""A study on images, from the zip to the answer, in a real browser."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Judgment
from explanations.models import Subject
from explanations.services.images import images_import
from explanations.tasks import import_images
from studies.models import Study
from studies.presets import PRESETS
from studies.services.from_preset import study_from_preset, study_start
from tests.browser.conftest import OpenPage, Picture
from tests.browser.test_protocols import begin
from tests.browser.test_study_journey import log_in
from tests.pictured import zip_of_scenes

pytestmark = pytest.mark.django_db(transaction=True)
Accessible = Callable[[Page], None]
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LOADED = "() => [...document.images].every((image) => image.complete && image.naturalWidth > 0)"

SIZES = """performance.getEntriesByType("resource")
    .filter((each) => each.name.includes("/thumbnail/")).map((each) => each.encodedBodySize)"""


@pytest.fixture(autouse=True)
def kept(settings: Any, tmp_path: Path) -> None:
    settings.IMAGE_DIR = tmp_path / "kept"


def invitation(tmp_path: Path) -> str:
    """Open a study on images with nine on each side; return its invitation's token."""
    images_import(path=zip_of_scenes(tmp_path / "a.zip", n=9), subject="stripes")
    study = study_from_preset(PRESETS["borowski-2021"])
    study.slug, study.overlap, study.items_per_rater, study.catches = "stripes", 3, 2, 0
    study.rules, study.checks, study.practises = [], [], False
    subject = Subject.objects.get()
    study_start(study=study, subject=subject, methods=(), neurons=9, is_open=True)
    assert study.batch is not None
    return study.batch.token


def test_images_are_enlarged_and_chosen_by_keys_and_thumbnails_are_light(
    open_page: OpenPage, picture: Picture, assert_accessible: Accessible, tmp_path: Path
) -> None:
    page = open_page()
    begin(page, invitation(tmp_path))
    page.wait_for_function(LOADED)
    sizes = page.evaluate(SIZES)
    assert len(sizes) == 20
    assert max(sizes) <= 20_000
    assert_accessible(page)
    picture(page, "images-question-light")
    page.locator(".excerpts a.zoom").nth(8).focus()
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_have_accessible_name(re.compile("Enlarge: spots"))
    page.keyboard.press("ArrowRight")
    expect(dialog).to_have_accessible_name(re.compile("Enlarge: stripes"))
    assert_accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("2")
    page.keyboard.press("l")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    assert Judgment.objects.get().answer["confidence"] == 3
    page.wait_for_function(LOADED)


def test_images_fit_on_a_phone_in_the_dark_and_open_at_a_tap(
    open_page: OpenPage, picture: Picture, assert_accessible: Accessible, tmp_path: Path
) -> None:
    page = open_page(width=360, height=740, scheme="dark", touch=True)
    begin(page, invitation(tmp_path))
    page.wait_for_function(LOADED)
    assert page.evaluate(WIDER) <= 0
    assert_accessible(page)
    page.screenshot(path=picture(page, "images-question-phone-dark"), full_page=True)
    page.locator(".excerpts a.zoom").first.tap()
    expect(page.get_by_role("dialog").get_by_role("img")).to_be_visible()
    picture(page, "images-enlarged-phone-dark")
    page.get_by_role("dialog").get_by_role("button").tap()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_without_script_an_image_is_a_link_to_itself(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(script=False)
    begin(page, invitation(tmp_path))
    page.locator(".excerpts a.zoom").first.click()
    expect(page).to_have_url(re.compile(r"/image/.+\.webp$"))


def test_a_researcher_sends_images_and_starts_a_study_in_three_clicks(
    open_page: OpenPage, picture: Picture, assert_accessible: Accessible, tmp_path: Path
) -> None:
    page = open_page()
    log_in(page)
    page.goto("/admin/explanations/imageimport/send/")
    page.get_by_label("Zip").set_input_files(zip_of_scenes(tmp_path / "stripes.zip"))
    page.get_by_label("Subject").fill("stripes")
    assert_accessible(page)
    picture(page, "images-send")
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Waiting for a worker.")).to_be_visible()
    assert import_images() == 1
    expect(page.get_by_text("Imported 24 images, 2 neurons and 24 records")).to_be_visible()
    picture(page, "images-taken-in")
    page.goto("/admin/studies/study/")
    page.get_by_role("link", name="New from a published design").click()
    page.get_by_role("link", name=PRESETS["borowski-2021"].title).click()
    page.get_by_role("button", name="Build and open").click()
    expect(page.get_by_label("Invitation link for raters")).to_be_visible()
    assert Study.objects.get().state == Study.State.OPEN


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_a_neurons_images_are_looked_at_on_its_page(
    open_page: OpenPage,
    picture: Picture,
    assert_accessible: Accessible,
    tmp_path: Path,
    width: int,
    scheme: str,
) -> None:
    images_import(path=zip_of_scenes(tmp_path / "a.zip", neurons=1), subject="stripes")
    Subject.objects.update(audience=Subject.Audience.EVERYONE)
    page = open_page("/neurons/stripes/0/0/", width=width, scheme=scheme)
    assert_accessible(page)
    assert page.evaluate(WIDER) <= 0
    picture(page, f"images-neuron-{scheme}")
    page.locator("a.zoom").first.click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Close")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.evaluate("[...document.images].forEach((image) => { image.loading = 'eager' })")
    page.wait_for_function(LOADED)
