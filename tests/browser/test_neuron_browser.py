"""Walking from neuron to neuron in a real browser: by keyboard, on a phone, without script."""

import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from explanations.models import Neuron, Subject
from explanations.records import Split
from tests import factories
from tests.browser.conftest import OpenPage, Picture
from tests.studies.lettered import captured_subject, relate

pytestmark = pytest.mark.django_db(transaction=True)
Accessible = Callable[[Page], None]

SCREENS = {
    "light": {"width": 1280, "height": 900},
    "dark": {"width": 1280, "height": 900, "scheme": "dark"},
    "phone": {"width": 360, "height": 740},
    "phone-dark": {"width": 360, "height": 740, "scheme": "dark"},
}
PASSWORD = uuid4().hex


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    """Make an open subject of three neurons; the first has an explanation with all about it."""
    made = captured_subject(tmp_path)
    relate(tmp_path)
    neuron = factories.neuron(subject=made, layer=0, index=0, maximum=5.0)
    record = factories.record(neuron, split=Split.SCORE, tokens=("a ", "fish"), activations=(1, 2))
    Neuron.objects.update(capture=made.captures.get())
    said = factories.explanation(neuron, "vowels")
    simulation = factories.simulation(said)
    factories.simulated_record(simulation, record, (2, 4))
    scorer = factories.method("scorer", "correlation")
    said.scores.create(simulation=simulation, method=scorer, value=0.71, n=2)
    said.scores.create(method=scorer, reason="it is constant", n=2)
    control = factories.method(name="null")
    factories.explanation(neuron, "words", author_kind="control", method=control)
    factories.explanation(factories.neuron(subject=made, layer=0, index=2), "later letters")
    return made


def tab_to(page: Page, name: str, presses: int = 40) -> None:
    """Press Tab until what is called so has the focus."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(document.activeElement.getAttribute('aria-label') ||"
            " document.activeElement.textContent).trim()"
        )
        if focused == name:
            return
    raise AssertionError(f"{name} is not reached by {presses} presses of Tab")


def test_a_walk_by_keyboard_from_the_front_page_to_a_related_neuron(
    open_page: OpenPage, subject: Subject
) -> None:
    page = open_page("/")
    tab_to(page, "Neurons")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Neurons")
    tab_to(page, "letters")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("letters")
    page.get_by_label("Layer/index").focus()
    page.keyboard.type("0/0")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Neuron 0/0")
    tab_to(page, "Record 1: values with the arrow keys")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#value")).to_have_text(re.compile(r"\S 5"))
    tab_to(page, "0/2", 80)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Neuron 0/2")
    tab_to(page, "Previous neuron, 0/1")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/neurons/letters/0/1/$"))


def test_more_records_come_into_the_page_and_have_their_values(
    open_page: OpenPage, subject: Subject
) -> None:
    page = open_page("/neurons/letters/0/0/")
    records = page.locator("#top .records > li")
    expect(records).to_have_count(5)
    page.locator("#top a.more").press("Enter")
    expect(page.locator("#top a.more")).to_have_count(0)
    assert records.count() > 5
    expect(page).to_have_url(re.compile("/0/0/$"))
    expect(records.nth(5).locator(".tokens")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tip")).to_be_visible()


def test_all_of_it_works_without_script(open_page: OpenPage, subject: Subject) -> None:
    page = open_page("/neurons/letters/0/0/", script=False)
    page.locator("#top a.more").click()
    expect(page).to_have_url(re.compile(r"\?more=top#top$"))
    assert page.locator("#top .records > li").count() > 5
    page.get_by_role("link", name="For choosing").click()
    expect(page.locator(".source").first).to_contain_text("for choosing")
    page.get_by_role("link", name="letters", exact=True).click()
    page.get_by_label("Search in explanations for").fill("VOWELS")
    page.get_by_role("button", name="By words").click()
    expect(page.locator(".hit")).to_have_text("vowels")


def test_a_reader_saves_a_neuron_and_finds_it_again(
    open_page: OpenPage, subject: Subject, assert_accessible: Accessible
) -> None:
    User.objects.create_superuser("reader", password=PASSWORD)
    page = open_page("/admin/login/?next=/neurons/letters/0/2/")
    page.get_by_label("Username").fill("reader")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Remove from saved")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="letters", exact=True).click()
    page.get_by_role("link", name="Saved", exact=True).click()
    expect(page.get_by_role("link", name="0/2")).to_be_visible()
    assert_accessible(page)


@pytest.mark.parametrize("screen", SCREENS)
def test_every_page_is_readable_on_every_screen(
    open_page: OpenPage,
    picture: Picture,
    assert_accessible: Accessible,
    subject: Subject,
    screen: str,
) -> None:
    page = open_page(**SCREENS[screen])
    for path, name in {
        "": "subjects",
        "letters/": "subject",
        "letters/?to=9/9": "subject-nowhere",
        "letters/0/?sort=maximum": "layer",
        "letters/0/0/": "neuron",
        "letters/0/1/": "neuron-dead",
        "letters/lists/best/": "list-best",
        "letters/lists/disputed/": "list-disputed",
        "letters/lists/saved/": "list-saved",
        "letters/search/?words=vowels": "search",
    }.items():
        page.goto(f"/neurons/{path}")
        for summary in page.locator("summary").all():
            summary.click()
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        picture(page, f"neurons-{name}-{screen}")


def test_the_page_that_waits_for_a_search_by_meaning_is_readable(
    open_page: OpenPage, subject: Subject, assert_accessible: Accessible
) -> None:
    page = open_page("/neurons/letters/")
    page.get_by_label("Search in explanations for").fill("letters that sound")
    page.get_by_role("button", name="By meaning").click()
    expect(page.get_by_text("Working on it")).to_be_visible()
    assert_accessible(page)
