"""The rater's way in German: accessible, narrow screens included, and English a press away."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Picture
from tests.browser.material import realistic_batch

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_rater_goes_the_way_in_german_with_english_a_press_away(
    open_page: OpenPage, picture: Picture, assert_accessible: Callable[[Page], None]
) -> None:
    batch = realistic_batch(items=2, ask_confidence=True)
    page = open_page(width=360, height=740, scheme="dark")
    page.set_extra_http_headers({"Accept-Language": "de"})

    def look(name: str) -> None:
        picture(page, f"german-{name}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.goto(f"/rate/{batch.token}/")
    look("1-invitation")
    page.get_by_role("button", name="Ich stimme zu und beginne").click()
    expect(page.get_by_role("heading", name="So geht es")).to_be_visible()
    look("2-instructions")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="How it works")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Deutsch").click()
    page.get_by_role("link", name="Zur ersten Frage").click()
    expect(page.locator("#count")).to_have_text(re.compile("1 von 2"))
    look("3-question")
    page.wait_for_load_state()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Wählen Sie zuerst eine der Antworten.")).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("?")
    look("4-keys")
