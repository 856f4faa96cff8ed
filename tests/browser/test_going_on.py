"""From one question to the next by keys: one request, and a page that is like any other."""

import re

import pytest
from playwright.sync_api import Page, Request, expect

from annotation.models import Assignment, Judgment
from tests.browser.conftest import OpenPage
from tests.browser.material import realistic_batch
from tests.browser.test_rating import first_question

pytestmark = pytest.mark.django_db(transaction=True)


def answered(page: Page, number: int, of: int = 4) -> None:
    """Answer by keys and wait for the next question."""
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text(re.compile(rf"^\s*{number + 1} of {of}\s*$"))
    page.wait_for_load_state()


def test_an_answer_and_the_next_question_are_one_request(open_page: OpenPage) -> None:
    page = open_page()
    batch = realistic_batch(items=4)
    first_question(page, batch.token)
    pages: list[Request] = []
    page.on("request", lambda r: pages.append(r) if r.resource_type == "document" else None)
    for number in (1, 2, 3):
        answered(page, number)
        assert page.url.endswith(f"/rate/{batch.token}/next/")
        assert page.evaluate("document.activeElement === document.body && scrollY === 0")
    assert [request.method for request in pages] == ["POST"] * 3
    assert Judgment.objects.count() == 3


def test_reloading_and_coming_back_send_nothing_again(open_page: OpenPage) -> None:
    page = open_page()
    batch = realistic_batch(items=4)
    first_question(page, batch.token)
    answered(page, 1)
    answered(page, 2)
    sent: list[Request] = []
    page.on("request", lambda r: sent.append(r) if r.method == "POST" else None)
    page.reload()
    expect(page.locator("#count")).to_have_text(re.compile("3 of 4"))
    page.go_back()
    expect(page.locator("#count")).to_have_text(re.compile("3 of 4"))
    page.keyboard.press("u")
    expect(page.locator("#count")).to_have_text(re.compile("Changing your last answer"))
    page.go_back()
    expect(page.locator("#count")).to_have_text(re.compile("3 of 4"))
    assert not [request for request in sent if "/answer/" in request.url]
    assert Judgment.objects.count() == 2
    assert Assignment.objects.count() == 3
