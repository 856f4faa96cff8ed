"""What a researcher and a rater do, in a real browser: from the admin to the export."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotation.models import Batch
from explanations.models import Subject
from studies.models import Study
from studies.presets import PRESETS
from studies.services.analyses import analysis_request
from studies.tasks import analyse
from tests import factories
from tests.browser.conftest import OpenPage, Picture

pytestmark = pytest.mark.django_db(transaction=True)
Accessible = Callable[[Page], None]

SCREENS = {
    "light": {"width": 1280, "height": 900},
    "dark": {"width": 1280, "height": 900, "scheme": "dark"},
    "phone": {"width": 360, "height": 740},
    "phone-dark": {"width": 360, "height": 740, "scheme": "dark"},
}
PASSWORD = uuid4().hex


def log_in(page: Page) -> None:
    """Log in to the admin, making the account."""
    if not User.objects.filter(username="researcher").exists():
        User.objects.create_superuser("researcher", password=PASSWORD)
    page.goto("/admin/")
    page.get_by_label("Username").fill("researcher")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def explained_subject() -> Subject:
    """Make a subject with twelve neurons that two methods explain, and scores."""
    template = factories.study(
        neurons=12, conditions=("Token lookup", "Context n-grams"), scores=(0.4, 0.6)
    )
    subject = template.neurons.all()[0].subject
    template.delete()
    return subject


def lines(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_study_from_the_admin_to_the_export(
    open_page: OpenPage, picture: Picture, assert_accessible: Accessible, tmp_path: Path
) -> None:
    subject = explained_subject()
    page = open_page(**SCREENS["light"])
    log_in(page)
    set_up(page, subject)
    picture(page, "study-1-draft")
    page.get_by_role("button", name="Build").click()
    expect(page.get_by_text("Built 12 items on 12 neurons")).to_be_visible()
    picture(page, "study-2-built")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("button", name="Yes, open it")).to_be_visible()
    picture(page, "study-3-confirm")
    page.get_by_role("button", name="Yes, open it").click()
    link = page.get_by_label("Invitation link for raters").input_value()
    picture(page, "study-4-open")

    # A program is quicker than any person may be.
    Batch.objects.update(rules=[])
    rate_ten(open_page(**SCREENS["phone"]), link)
    study = Study.objects.get()
    analyse(analysis_request(study=study, at=timezone.now()).pk)

    page.get_by_role("link", name="Results", exact=True).click()
    expect(page.get_by_text("Raters preferred the explanation")).to_be_visible()
    expect(page.get_by_text("Only one rater: intervals")).to_be_visible()
    assert_accessible(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Judgments as CSV", exact=True).click()
    download.value.save_as(tmp_path / "judgments.csv")
    exported = lines(tmp_path / "judgments.csv")
    assert [row["outcome"] for row in exported] == ["1", "-1", "0"] * 3 + ["1"]
    assert {row["synthetic"] for row in exported} == {"false"}


def set_up(page: Page, subject: Subject) -> None:
    """Create a study: conditions, one neuron by search, the others by one button."""
    page.goto("/admin/studies/study/add/")
    page.get_by_label("Title").press_sequentially("What fits better?")
    expect(page.get_by_label("Slug")).to_have_value("what-fits-better")
    for i, name in enumerate(["Token lookup", "Context n-grams"]):
        page.locator(f"#id_conditions-{i}-name").fill(name)
        page.locator(f"#id_conditions-{i}-method").select_option(label=f"{name} v1")
    first = subject.neurons.order_by("index")[0]
    page.locator(".field-pick .select2-search__field").press_sequentially(f"0/{first.index}")
    page.locator(".select2-results__option", has_text=f"L0/{first.index}").first.click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("1 neuron added.")).to_be_visible()
    page.get_by_role("button", name="Add neurons that have every explanation").click()
    expect(page.get_by_text("11 neurons added.")).to_be_visible()


def rate_ten(page: Page, link: str) -> None:
    """Answer ten questions with the keyboard: left, right, tie and so on."""
    page.goto(link)
    page.get_by_role("button", name="I agree and start").press("Enter")
    page.get_by_role("link", name="Continue").press("Enter")
    for check in PRESETS["pairwise"].checks:
        asked = page.get_by_role("group", name=check.question)
        asked.get_by_label(check.options[check.right], exact=True).check()
    page.get_by_role("button", name="Continue").press("Enter")
    expect(page.locator("#count")).to_have_text(re.compile("Practice 1 of 1"))
    page.wait_for_load_state()
    page.keyboard.press("0")
    page.keyboard.press("Enter")
    expect(page.get_by_text("that isn't the answer we were looking for")).to_be_visible()
    page.keyboard.press("Enter")
    for number in range(10):
        expect(page.locator("#count")).to_have_text(re.compile(rf"^\s*{number + 1} of 12\s*$"))
        page.wait_for_load_state()
        page.keyboard.press("120"[number % 3])
        page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text(re.compile(r"^\s*11 of 12\s*$"))


@pytest.mark.parametrize("screen", SCREENS)
def test_the_pages_about_studies_are_readable_on_every_screen(
    open_page: OpenPage, picture: Picture, assert_accessible: Accessible, screen: str
) -> None:
    busy = factories.open_study(
        neurons=30,
        conditions=("People", "Token lookup", "Vague constant"),
        scores=(0.5, 0.55, 0.1),
        title="Which description fits?",
        slug="busy",
    )
    factories.open_study(title="Nobody came yet", slug="empty")
    call_command("simulate_raters", "busy", raters=9, tie_rate=0.1, side_bias=0.04)
    call_command("analyse", "busy")
    page = open_page(**SCREENS[screen])
    log_in(page)
    for path, name in {
        "/": "home",
        "/studies/": "list",
        f"/studies/{busy.slug}/results/": "results",
        "/studies/empty/results/": "results-empty",
    }.items():
        page.goto(path)
        picture(page, f"{name}-{screen}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.goto(f"/studies/{busy.slug}/results/")
    for summary in page.locator("summary").all():
        summary.click()
    assert_accessible(page)
    page.screenshot(path=picture(page, f"results-{screen}-whole"), full_page=True)


def test_results_appear_on_an_open_page_as_soon_as_they_are_there(open_page: OpenPage) -> None:
    study = factories.open_study()
    factories.judged(study, ["fancy"])
    asked = analysis_request(study=study, at=timezone.now())
    page = open_page()
    log_in(page)
    page.goto(f"/studies/{study.slug}/results/")
    expect(page.get_by_text("The results are being computed")).to_be_visible()
    analyse(asked.pk)
    expect(page.get_by_text("Raters preferred the explanation")).to_be_visible()


def test_buttons_that_would_lose_unsaved_changes_wait_for_saving(open_page: OpenPage) -> None:
    study = factories.study()
    page = open_page()
    log_in(page)
    page.goto(f"/admin/studies/study/{study.pk}/change/")
    expect(page.get_by_role("button", name="Build")).to_be_enabled()
    page.get_by_label("Title").press_sequentially("!")
    expect(page.get_by_role("button", name="Build")).to_be_disabled()
    expect(page.get_by_text("unsaved changes")).to_be_visible()
