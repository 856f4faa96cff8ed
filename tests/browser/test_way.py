"""The whole way of a rater from a recruiter: consent, check, practice, questions, break, code."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Batch, Enrolment, Judgment
from tests.browser.conftest import OpenPage, Picture
from tests.browser.material import realistic_batch
from tests.browser.test_rating import SCREENS, first_question, tab_to

pytestmark = pytest.mark.django_db(transaction=True)

LINK = "?PROLIFIC_PID=5f0c7b2e9a1d&STUDY_ID=s1&SESSION_ID=x1"
CHECKS = [
    {
        "question": "What does a strongly marked word tell you?",
        "options": ["That the unit responded strongly there", "That the word is important to us"],
        "right": 0,
    }
]


def recruiting_batch() -> Batch:
    practice = realistic_batch(items=1).items.get().payload
    trial = {"payload": practice, "gold": {"choice": "tie"}, "why": "Both name the same words."}
    codes = {"completed": "C0MPLETE", "screened_out": "SCREENED", "no_consent": "N0"}
    entry = {"recruiter": "prolific", "codes": codes, "checks": CHECKS, "practice": [trial]}
    return realistic_batch(items=4, entry={**entry, "break_after": 2})


@pytest.mark.parametrize("screen", ["light", "phone-dark"])
def test_a_recruited_rater_goes_the_whole_way_by_keyboard(
    open_page: OpenPage,
    picture: Picture,
    assert_accessible: Callable[[Page], None],
    screen: str,
) -> None:
    batch = recruiting_batch()
    page = open_page(f"/rate/{batch.token}/{LINK}", **SCREENS[screen])

    def look(name: str) -> None:
        picture(page, f"way-{screen}-{name}")
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    look("1-invitation")
    tab_to(page, "I agree and start")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How it works")).to_be_visible()
    page.locator(".elsewhere summary").click()
    look("2-instructions")
    tab_to(page, "Continue")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Before the first question")).to_be_visible()
    look("3-check")
    answer_check(page, wrong=True)
    expect(page.get_by_text("This is your last attempt")).to_be_visible()
    look("4-last-try")
    answer_check(page, wrong=False)
    expect(page.locator("#count")).to_have_text(re.compile("Practice 1 of 1"))
    look("5-practice")
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("that isn't the answer we were looking for")).to_be_visible()
    look("6-feedback")
    page.keyboard.press("Enter")
    for number in range(4):
        expect(page.locator("#count")).to_have_text(re.compile(rf"^\s*{number + 1} of 4\s*$"))
        page.wait_for_load_state()
        if number == 2:
            look("7-break")
        page.keyboard.press("0")
        page.keyboard.press("Enter")
    expect(page.get_by_text("C0MPLETE")).to_be_visible()
    look("8-end")
    assert Judgment.objects.count() == 4


def answer_check(page: Page, *, wrong: bool) -> None:
    """Choose with Tab and the arrow keys, and send with Enter."""
    page.keyboard.press("Tab")
    page.locator("input[name=check0]").first.focus()
    page.keyboard.press("ArrowDown" if wrong else "Space")
    page.keyboard.press("Enter")


def test_the_whole_way_works_without_script(open_page: OpenPage) -> None:
    batch = recruiting_batch()
    page = open_page(f"/rate/{batch.token}/{LINK}", script=False)
    page.get_by_role("button", name="I agree and start").click()
    page.get_by_role("link", name="Continue", exact=True).click()
    page.get_by_role("radio").first.check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("radio", name=re.compile("^Tie")).check()
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("That's right.")).to_be_visible()
    page.get_by_role("link", name="Continue", exact=True).click()
    page.get_by_role("radio", name=re.compile("^Tie")).check()
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#count")).to_have_text(re.compile("2 of 4"))
    assert Enrolment.objects.get().practised == 1


def test_a_draft_is_kept_while_it_is_made_and_is_there_after_a_reload(open_page: OpenPage) -> None:
    page = open_page(**SCREENS["phone-dark"])
    first_question(page, realistic_batch(items=2, ask_confidence=True).token)
    with page.expect_response(re.compile("/hold/")) as kept:
        page.keyboard.press("2")
        page.keyboard.press("8")
    assert kept.value.status == 204
    page.reload()
    expect(page.get_by_label("B 2")).to_be_checked()
    expect(page.get_by_label("Fairly sure")).to_be_checked()
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    assert Judgment.objects.get().answer["confidence"] == 2


def test_time_in_another_window_is_time_away(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=1).token)
    page.evaluate("dispatchEvent(new Event('blur'))")
    page.wait_for_timeout(1500)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert (Judgment.objects.get().away or 0) > 1.4
