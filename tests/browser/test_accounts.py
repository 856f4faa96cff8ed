"""A rater with an account goes on on another device, by keyboard; every page is accessible."""

import re
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Picture
from tests.browser.material import realistic_batch

pytestmark = pytest.mark.django_db(transaction=True)
WORD = "seven red herrings"


def test_a_rater_makes_an_account_and_goes_on_elsewhere(
    open_page: OpenPage,
    picture: Picture,
    assert_accessible: Callable[[Page], None],
    settings: LazySettings,
) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    batch = realistic_batch(items=2)
    page = open_page(width=360, height=740, scheme="dark")

    def look(name: str) -> None:
        picture(page, f"account-{name}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.goto(f"/rate/{batch.token}/")
    page.get_by_role("button", name="I agree and start").click()
    page.get_by_text("Continue on another device").click()
    page.get_by_role("link", name="Or choose a user name").click()
    page.get_by_label("User name").fill("heron")
    page.get_by_label("New password", exact=True).fill(WORD)
    page.get_by_label("Repeat the new password").fill("another")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not the same")
    look("1-refused")
    page.get_by_label("New password", exact=True).fill(WORD)
    page.get_by_label("Repeat the new password").fill(WORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your studies")).to_be_visible()
    look("2-studies")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="You are logged out")).to_be_visible()
    look("3-out")

    page = open_page("/rate/login/", width=1280, height=900)
    look("4-login")
    page.get_by_label("User name").fill("heron")
    page.get_by_label("Password").fill(WORD)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=batch.title).click()
    page.get_by_role("link", name="Continue").click()
    expect(page.locator("#count")).to_have_text(re.compile("1 of 2"))
