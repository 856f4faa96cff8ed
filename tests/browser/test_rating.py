"""A rater's way in a real browser: by keyboard, by touch, without script, on small screens."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotation.models import Assignment, Judgment
from annotation.services.batches import batch_close
from tests.browser.conftest import OpenPage, Picture
from tests.browser.material import realistic_batch

pytestmark = pytest.mark.django_db(transaction=True)

SCREENS: dict[str, dict[str, Any]] = {
    "light": {"width": 1280, "height": 800},
    "dark": {"width": 1280, "height": 800, "scheme": "dark"},
    "phone": {"width": 360, "height": 740},
    "phone-dark": {"width": 360, "height": 740, "scheme": "dark"},
}


def first_question(page: Page, token: str) -> None:
    """Agree and go on to the first question."""
    page.goto(f"/rate/{token}/")
    page.get_by_role("button", name="I agree and start").click()
    page.get_by_role("link", name="Go to the first question").click()
    expect(page.locator("#count")).to_have_text(re.compile("1 of"))
    page.wait_for_load_state()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has the focus is called that."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == name:
            return
    pytest.fail(f"{name} cannot be reached by Tab")


@pytest.mark.parametrize("screen", ["light", "phone-dark"])
def test_a_rater_answers_ten_questions_by_keyboard_alone(
    open_page: OpenPage, picture: Picture, screen: str
) -> None:
    batch = realistic_batch(items=10, ask_confidence=True)
    page = open_page(f"/rate/{batch.token}/", **SCREENS[screen])
    picture(page, f"rating-{screen}-1-invitation")
    tab_to(page, "I agree and start")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="How it works")).to_be_visible()
    picture(page, f"rating-{screen}-2-instructions")
    tab_to(page, "Go to the first question")
    page.keyboard.press("Enter")
    for number in range(10):
        expect(page.locator("#count")).to_have_text(re.compile(rf"^\s*{number + 1} of 10\s*$"))
        page.wait_for_load_state()
        page.keyboard.press("120"[number % 3])
        page.keyboard.press("789"[number % 3])
        if number == 1:
            picture(page, f"rating-{screen}-3-question")
        page.keyboard.press("Enter")
    expect(page.get_by_text("You have answered 10 questions")).to_be_visible()
    picture(page, f"rating-{screen}-4-end")
    assert answers() == ["left", "right", "tie"] * 3 + ["left"]
    assert [j.answer["confidence"] for j in in_order()] == [1, 2, 3] * 3 + [1]


def in_order() -> list[Judgment]:
    return list(Judgment.objects.order_by("pk").select_related("assignment"))


def answers() -> list[str]:
    """Return what was chosen, as the rater saw it."""
    return [
        dict(zip([*j.assignment.order, "tie"], ["left", "right", "tie"], strict=True))[
            j.answer["choice"]
        ]
        for j in in_order()
    ]


# --- Values ---------------------------------------------------------------------------------------


def test_the_arrow_keys_walk_through_an_excerpts_values(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=1).token)
    marked = page.locator(".tokens:has(mark)").first
    marks = marked.locator("mark")
    marked.focus()
    page.keyboard.press("ArrowRight")
    value = marks.first.get_attribute("data-value")
    expect(page.locator("#tip")).to_have_text(value or "none")
    expect(page.locator("#value")).to_have_text(f"{marks.first.text_content()} {value}")
    page.keyboard.press("End")
    expect(marks.last).to_have_class(re.compile(r"\bon\b"))
    page.keyboard.press("Escape")
    expect(page.locator("#tip")).to_be_hidden()


def test_an_excerpt_is_one_stop_of_the_tab_key(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=1).token)
    stops = 0
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name === 'choice'"):
            break
        stops += 1
    excerpts_with_values = page.locator(".tokens:has(mark)").count()
    assert stops == excerpts_with_values + 1  # and the link that skips to the content


def test_a_value_is_shown_under_the_pointer(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=1).token)
    mark = page.locator(".tokens mark").first
    mark.hover()
    expect(page.locator("#tip")).to_have_text(mark.get_attribute("data-value") or "none")
    page.locator("#count").hover()
    expect(page.locator("#tip")).to_be_hidden()


def test_a_value_is_shown_under_a_finger(open_page: OpenPage) -> None:
    page = open_page(**SCREENS["phone"], touch=True)
    first_question(page, realistic_batch(items=1).token)
    page.locator(".tokens mark").first.tap()
    expect(page.locator("#tip")).to_be_visible()


# --- Keys -----------------------------------------------------------------------------------------


def test_keys_do_nothing_with_modifiers_or_in_a_field_or_in_the_list_of_keys(
    open_page: OpenPage,
) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=1).token)
    for keys in ("Control+1", "Alt+1", "Meta+1"):
        page.keyboard.press(keys)
    page.evaluate("document.querySelector('main').append(document.createElement('textarea'))")
    page.locator("textarea").press_sequentially("120?")
    page.locator("textarea").press("Enter")
    page.evaluate("document.querySelector('textarea').remove()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.locator("input[name=choice]:checked").count() == 0
    assert not Judgment.objects.exists()


def test_enter_without_a_choice_says_what_is_missing_and_stays(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=1).token)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Choose one of the answers first.")
    assert page.evaluate("document.activeElement.name") == "choice"
    page.keyboard.press("2")
    expect(page.get_by_role("alert")).to_be_empty()
    assert not Judgment.objects.exists()


def test_enter_on_another_button_does_what_the_button_says(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=2).token)
    page.keyboard.press("1")
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="I don't understand it").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    assert Assignment.objects.get(state="skipped").skip_reason == "unclear"
    assert not Judgment.objects.exists()


def test_an_impatient_rater_gives_one_answer(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=2).token)
    page.keyboard.press("1")
    page.evaluate(
        "() => { const f = document.querySelector('#answer');"
        " f.requestSubmit(); f.requestSubmit(); f.requestSubmit(); }"
    )
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    assert Judgment.objects.count() == 1


def test_the_last_answer_is_changed_with_a_link(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=2).token)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Change your last answer").click()
    expect(page.get_by_label("A 1")).to_be_checked()
    page.keyboard.press("0")
    page.get_by_role("button", name="Save the change").click()
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    assert answers() == ["left", "tie"]


# --- Time -----------------------------------------------------------------------------------------


def test_only_time_with_the_page_in_view_is_counted(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=1).token)
    hide(page, hidden=True)
    page.wait_for_timeout(2500)
    hide(page, hidden=False)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    judgment = Judgment.objects.get()
    open_for = judgment.submitted - judgment.assignment.claimed
    assert judgment.seconds < open_for.total_seconds() - 2.3


def hide(page: Page, *, hidden: bool) -> None:
    """Let the page believe that another tab is in front, or no longer."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


# --- Without script -------------------------------------------------------------------------------


def test_everything_works_without_script(open_page: OpenPage, picture: Picture) -> None:
    page = open_page(script=False)
    first_question(page, realistic_batch(items=3, ask_confidence=True).token)
    picture(page, "rating-without-script")
    assert page.locator(".tokens mark").first.get_attribute("title")
    page.get_by_role("radio", name=re.compile("^Tie")).check()
    page.get_by_role("radio", name=re.compile("^Certain")).check()
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("#count")).to_have_text(re.compile("2 of 3"))
    page.locator("summary").click()
    page.get_by_role("button", name="I would rather not answer this one").click()
    expect(page.locator("#count")).to_have_text(re.compile("3 of 3"))
    (judgment,) = in_order()
    assert judgment.answer == {"choice": "tie", "confidence": 3}
    assert judgment.seconds > 0


# --- For everybody --------------------------------------------------------------------------------


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_on_any_page_of_a_rater(
    open_page: OpenPage,
    assert_accessible: Callable[[Page], None],
    picture: Picture,
    screen: str,
) -> None:
    batch = realistic_batch(items=2, ask_confidence=True)
    page = open_page(f"/rate/{batch.token}/", **SCREENS[screen])
    assert_accessible(page)
    page.get_by_role("button", name="I agree and start").click()
    assert_accessible(page)
    page.get_by_role("link", name="Go to the first question").click()
    assert_accessible(page)
    page.locator("summary").click()
    assert_accessible(page)
    picture(page, f"rating-{screen}-skip")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert_accessible(page)
    picture(page, f"rating-{screen}-keys")
    page.keyboard.press("Escape")
    page.locator("#count").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Choose one of the answers first.")
    assert_accessible(page)
    picture(page, f"rating-{screen}-fault")
    batch_close(batch=batch)
    page.keyboard.press("1")
    page.keyboard.press("7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The study has closed in the meantime.")).to_be_visible()
    assert_accessible(page)
    picture(page, f"rating-{screen}-closed-meanwhile")
    page.goto(f"/rate/{batch.token}/")
    assert_accessible(page)
    page.goto(f"/rate/{batch.token}/done/")
    assert_accessible(page)


@pytest.mark.parametrize("screen", ["light", "phone"])
def test_what_has_the_focus_is_never_under_the_bar(open_page: OpenPage, screen: str) -> None:
    page = open_page(**SCREENS[screen])
    first_question(page, realistic_batch(items=1, ask_confidence=True).token)
    for _ in range(14):
        page.keyboard.press("Tab")
        covered = page.evaluate(
            """() => {
                const focused = document.activeElement;
                if (focused === document.body || focused.closest(".bar")) return false;
                const box = focused.getBoundingClientRect();
                if (box.height > innerHeight / 2) return false;
                const y = Math.min(box.bottom - 3, innerHeight - 1);
                const there = document.elementFromPoint(box.left + box.width / 2, y);
                return !focused.contains(there) && !there?.closest("label")?.contains(focused);
            }"""
        )
        assert not covered, page.evaluate("document.activeElement.outerHTML")


def test_choosing_does_not_scroll_where_the_answer_is_in_view(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=1, ask_confidence=True).token)
    for key in "1278":
        page.keyboard.press(key)
        assert page.evaluate("scrollY") == 0


def test_targets_are_44_pixels_and_nothing_is_wider_than_a_phone(open_page: OpenPage) -> None:
    page = open_page(**SCREENS["phone"], touch=True)
    first_question(page, realistic_batch(items=1, ask_confidence=True).token)
    heights = page.evaluate(
        """() => [...document.querySelectorAll("button, a.button, summary, label")]
            .filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().height)"""
    )
    assert min(heights) >= 44
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_nothing_on_the_page_moves_by_itself(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=2, ask_confidence=True).token)
    page.evaluate(
        """() => {
            window.shift = 0;
            new PerformanceObserver(list => {
                for (const entry of list.getEntries()) window.shift += entry.value;
            }).observe({ type: "layout-shift", buffered: true });
        }"""
    )
    page.keyboard.press("1")
    page.locator(".tokens mark").first.hover()
    page.wait_for_timeout(300)
    assert page.evaluate("window.shift") == 0


def test_marks_grow_in_intensity_and_in_the_weight_of_their_underline(open_page: OpenPage) -> None:
    page = open_page()
    first_question(page, realistic_batch(items=1).token)
    styles = page.evaluate(
        """() => Array.from({ length: 10 }, (_, level) => {
            const mark = document.createElement("mark");
            mark.className = `l${level + 1}`;
            document.querySelector(".tokens").append(mark);
            const style = getComputedStyle(mark);
            return [style.textDecorationThickness, style.backgroundColor];
        })"""
    )
    weights = [float(weight.removesuffix("px")) for weight, _ in styles]
    alphas = [float(re.split(r"[ ,/)]+", color)[-2]) for _, color in styles]
    assert weights == sorted(weights)
    assert weights[0] < weights[-1]
    assert alphas == sorted(set(alphas))
