"""Back to a recruiter: at once after the last answer, later from a page with something to read."""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from annotation.models import Batch
from tests.browser.material import realistic_batch

pytestmark = pytest.mark.django_db(transaction=True)
LINK = "?PROLIFIC_PID=5f0c7b2e9a1d"
THERE = re.compile(r"^https://app\.prolific\.com/")


@pytest.fixture
def leaving(chromium: Browser, live_server: LiveServer) -> Iterator[Callable[..., Page]]:
    """Return a way to open a page whose recruiter answers; nothing leaves this machine."""
    contexts = []

    def leaving(path: str, **options: bool) -> Page:
        context = chromium.new_context(base_url=live_server.url, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.route(THERE, lambda route: route.fulfill(body="<h1>Recruiter</h1>"))
        page.goto(path)
        return page

    yield leaving
    for context in contexts:
        context.close()


def batch_that_leads_back() -> Batch:
    codes = {"completed": "C0MPLETE", "screened_out": "SCREENED", "no_consent": "N0"}
    entry = {"recruiter": "prolific", "codes": codes, "leads_back": True}
    return realistic_batch(items=1, entry=entry)


@pytest.mark.parametrize("script", [True, False])
def test_the_last_answer_leads_back_at_once_with_and_without_script(
    leaving: Callable[..., Page], script: bool
) -> None:
    batch = batch_that_leads_back()
    page = leaving(f"/rate/{batch.token}/{LINK}", java_script_enabled=script)
    page.get_by_role("button", name="I agree and start").click()
    page.get_by_role("link", name="Go to the first question").click()
    page.get_by_role("radio", name=re.compile("^Tie")).check()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name="Recruiter")).to_be_visible()
    assert urlsplit(page.url).query == "cc=C0MPLETE"


def test_who_does_not_agree_is_led_back_after_a_while_unless_they_stay(
    leaving: Callable[..., Page], assert_accessible: Callable[[Page], None]
) -> None:
    batch = batch_that_leads_back()
    for stays in (True, False):
        page = leaving(f"/rate/{batch.token}/{LINK}")
        page.clock.install()
        page.get_by_role("button", name="I do not agree").click()
        expect(page.get_by_text("redirected to Prolific in 20 seconds")).to_be_visible()
        assert_accessible(page)
        if stays:
            page.get_by_role("button", name="Stay on this page").click()
        page.clock.fast_forward(21_000)
        name = "No problem" if stays else "Recruiter"
        expect(page.get_by_role("heading", name=name)).to_be_visible()
