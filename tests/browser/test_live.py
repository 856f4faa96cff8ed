"""The live part of a neuron's page: a text is tried, the neuron ablated, each state is seen."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from explanations.models import Question, Subject
from explanations.services.questions import (
    question_ask,
    question_claim,
    question_fail,
    questions_forget,
)
from explanations.tasks import answer_questions
from explanations.tasks.subjects import _loaded
from tests import factories
from tests.browser.conftest import OpenPage, Picture
from tests.services.conftest import until

TEXT = "The water and the dog was in the park. The tree was in the wind"
ACTIVATE = '.live-panel[data-kind="activate"]'
INTERVENE = '.live-panel[data-kind="intervene"]'


@pytest.fixture(autouse=True)
def pages(settings: Any) -> Iterator[None]:
    settings.ROOT_URLCONF = "tests.browser.live_page"
    yield
    _loaded.cache_clear()


@pytest.fixture
def live_server(sqlite_file: Path) -> Iterator[LiveServer]:
    """Serve from a file: a page reads while a worker writes, which one connection cannot share."""
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def subject(small_model: Path, sqlite_file: Path) -> Subject:
    return factories.subject(
        name="small_llama",
        source=str(small_model),
        layers=5,
        width=172,
        audience=Subject.Audience.INVITED,
    )


@pytest.fixture
def open_live(open_page: OpenPage, subject: Subject) -> Callable[..., Page]:
    def open_live(**how: Any) -> Page:
        return open_page(f"/live/{subject.name}/4/142/", **how)

    return open_live


def ask(page: Page, text: str = TEXT, button: str = "Show the activations") -> None:
    page.get_by_label("Your text").fill(text)
    page.get_by_role("button", name=button).click()
    until(lambda: Question.objects.filter(finished=None, text=text).exists(), 10)


def test_a_text_is_tried_and_the_values_are_read_by_keyboard(open_live, picture: Picture) -> None:
    page = open_live()
    ask(page)
    panel = page.locator(ACTIVATE)
    expect(panel.get_by_role("status")).to_have_text("Waiting for a worker…")
    assert answer_questions() == 1
    expect(panel.get_by_role("status")).to_contain_text("Strongest on")
    tokens = panel.locator(".tokens")
    expect(tokens).to_have_text(TEXT)
    tokens.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#tip")).to_be_visible()
    first = tokens.locator("mark").first
    expect(page.locator("#value")).to_contain_text(first.inner_text())
    picture(page, "live-activations")


def test_what_ablating_does_is_shown_in_figures_and_bars(
    open_live, picture: Picture, assert_accessible: Callable[[Page], None]
) -> None:
    page = open_live(height=1600)
    ask(page)
    answer_questions()
    ask(page, button="Compare the predictions")
    answer_questions()
    panel = page.locator(INTERVENE)
    expect(panel.get_by_role("status")).to_contain_text("nats (KL divergence)")
    for caption in ("as it is", "held", "Gain most", "Lose most"):
        expect(panel.get_by_role("table", name=caption)).to_have_count(1)
    assert panel.locator("tbody tr").count() == 40
    assert panel.locator("rect.gained").count() == panel.locator("rect.lost").count() == 10
    result = Question.objects.get(kind=Question.Kind.INTERVENE).result
    assert result is not None
    most = panel.get_by_role("table", name="Gain most").locator("tbody th").first
    expect(most).to_have_text(result["gains"][0][0].replace(" ", "␣"))
    # What was shown before stays.
    expect(page.locator(f"{ACTIVATE} .tokens")).to_have_text(TEXT)
    assert_accessible(page)
    picture(page, "live-intervention")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off(open_live, picture: Picture, scheme: str) -> None:
    page = open_live(width=360, height=1800, scheme=scheme, touch=True)
    ask(page)
    answer_questions()
    ask(page, button="Compare the predictions")
    answer_questions()
    expect(page.locator(INTERVENE).get_by_role("status")).to_contain_text("nats")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    picture(page, f"live-phone-{scheme}")


def test_a_failure_says_why_and_the_next_question_is_answered(
    open_live, picture: Picture, assert_accessible: Callable[[Page], None]
) -> None:
    page = open_live(scheme="dark")
    ask(page)
    question = question_claim(at=timezone.now())
    assert question is not None
    assert question.lease is not None
    status = page.locator(ACTIVATE).get_by_role("status")
    expect(status).to_have_text("Working on it…")
    picture(page, "live-working")
    question_fail(lease=question.lease, reason="not enough memory to load it", at=timezone.now())
    expect(status).to_have_text("Not enough memory to load it.")
    assert_accessible(page)
    picture(page, "live-failed")
    ask(page)
    answer_questions()
    expect(status).to_contain_text("Strongest on")


def test_a_new_question_withdraws_the_one_before(open_live) -> None:
    page = open_live()
    ask(page, "the first")
    expect(page.locator(ACTIVATE).get_by_role("status")).to_have_text("Waiting for a worker…")
    ask(page, "the second")
    until(lambda: [each.text for each in Question.objects.all()] == ["the second"], 10)
    answer_questions()
    expect(page.locator(f"{ACTIVATE} .tokens")).to_have_text("the second")


def test_a_question_ends_when_the_page_is_left(open_live) -> None:
    page = open_live()
    ask(page)
    expect(page.locator(ACTIVATE).get_by_role("status")).to_have_text("Waiting for a worker…")
    page.goto("/")
    until(lambda: not Question.objects.exists(), 10)


def test_a_refusal_is_said_in_the_services_words(open_live, subject: Subject) -> None:
    for _ in range(50):
        question_ask(kind=Question.Kind.MEANING, subject=subject, text="sharks")
    page = open_live()
    page.get_by_label("Your text").fill(TEXT)
    page.get_by_role("button", name="Show the activations").click()
    expect(page.locator(ACTIVATE).get_by_role("status")).to_have_text(
        "Many people are asking at the moment: try again in a minute."
    )


def test_what_was_forgotten_meanwhile_is_said(open_live) -> None:
    page = open_live()
    ask(page)
    questions_forget(before=timezone.now() + timedelta(hours=1))
    expect(page.locator(ACTIVATE).get_by_role("status")).to_contain_text("can no longer be found")


def test_a_text_of_markup_is_shown_as_text(open_live) -> None:
    page = open_live()
    ask(page, "<b>bold</b> & <script>alert(1)</script>")
    answer_questions()
    expect(page.locator(f"{ACTIVATE} .tokens")).to_have_text(
        "<b>bold</b> & <script>alert(1)</script>"
    )


def test_without_script_the_part_says_that_it_needs_it(open_live, picture: Picture) -> None:
    page = open_live(script=False)
    expect(page.get_by_text("need JavaScript")).to_be_visible()
    expect(page.get_by_label("Your text")).to_be_hidden()
    expect(page.get_by_role("button")).to_have_count(0)
    picture(page, "live-without-script")
