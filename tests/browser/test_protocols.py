"""Each form of a question in a real browser: by keyboard alone, by touch, in light and dark."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from annotation.models import Assignment, Judgment
from explanations.services.questions import question_answer, question_claim
from studies.models import Study, StudyItem
from tests import factories
from tests.browser.conftest import OpenPage, Picture
from tests.browser.questions import batch_of

pytestmark = pytest.mark.django_db(transaction=True)

Right = Callable[[Assignment, dict[str, Any]], bool]
WRITTEN = "courts, lawyers and what they decide"


def placed(*places: int) -> Right:
    """Return a check that the options as shown got these places."""
    return lambda shown, answer: [answer["place"][key] for key in shown.order] == list(places)


def chose(place: int, **more: object) -> Right:
    """Return a check that the option that stood there was chosen."""
    return lambda shown, answer: (
        answer["choice"] == shown.order[place]
        and all(answer[name] == value for name, value in more.items())
    )


def rated(*values: dict[str, int]) -> Right:
    return lambda shown, answer: [answer["rating"][key] for key in shown.order] == list(values)


def marked(*places: int) -> Right:
    return lambda shown, answer: answer["marked"] == sorted(shown.order[place] for place in places)


def extremes(best: int, worst: int) -> Right:
    return lambda shown, answer: (
        (answer["best"], answer["worst"]) == (shown.order[best], shown.order[worst])
    )


def painted(*begin: int) -> Right:
    return lambda shown, answer: answer["values"][0][: len(begin)] == list(begin)


# What is pressed, one after another; and what it is to mean.
BY_KEYS: dict[str, tuple[list[str], Right]] = {
    "compare-full": (
        [*list("2"), "5", "8", "r", "so", "Escape"],
        chose(1, strength=2, reason="so"),
    ),
    "rank": (list("314"), placed(2, 4, 1, 3)),
    "rank-extremes": (list("24"), extremes(1, 3)),
    "rate": (list("407"), rated({"clear": 4, "one_idea": 0, "covers": 70})),
    "rate-several": (
        list("211430551"),
        rated(
            {"clear": 2, "whole": 1, "one_idea": 1},
            {"clear": 4, "whole": 3, "one_idea": 0},
            {"clear": 5, "whole": 5, "one_idea": 1},
        ),
    ),
    "choose": (list("5"), chose(4)),
    "choose-images": (list("2L"), chose(1, confidence=3)),
    "choose-odd": (list("4"), chose(3)),
    "choose-intervention": (list("c"), lambda _, answer: answer["cannot_tell"] is True),
    "mark": (list("1531"), marked(4, 2)),
    "simulate": (
        ["Tab:paint", "7", "ArrowRight", "x", "Shift+ArrowRight", "ArrowRight", "ArrowUp"],
        painted(7, 10, 10, 1),
    ),
    "write": (["w", WRITTEN, "Escape"], lambda _, answer: answer["text"] == WRITTEN),
}


@pytest.fixture
def images(tmp_path: Path, settings: Any) -> Path:
    """Return the folder that images are served from."""
    settings.IMAGE_DIR = tmp_path / "images"
    return Path(settings.IMAGE_DIR)


def tap(page: Page, selector: str, place: int = 0) -> None:
    page.locator(selector).nth(place).tap()


def swipe(page: Page, selector: str, begin: int, end: int) -> None:
    """Draw a finger from the middle of one element to that of another."""
    page.locator(selector).nth(begin).evaluate("e => e.scrollIntoView({ block: 'center' })")
    places = [page.locator(selector).nth(place).bounding_box() for place in (begin, end)]
    (x, y), (to_x, to_y) = (
        (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in places if box
    )
    touch = page.context.new_cdp_session(page)
    steps = [(x + (to_x - x) * n / 8, y + (to_y - y) * n / 8) for n in range(9)]
    for kind, points in [("touchStart", steps[:1]), *(("touchMove", [s]) for s in steps[1:])]:
        points = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    # A finger that rests before it is lifted flings nothing: the next tap would only stop that.
    page.wait_for_timeout(100)
    touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def rank_by_finger(page: Page) -> None:
    tap(page, ".pick", 1)  # B is the best
    tap(page, ".pick", 1)  # A, which stands second now, is the next
    swipe(page, ".grip", 3, 0)  # but D is better still, which leaves the last place for C


def rate_by_finger(page: Page) -> None:
    tap(page, ".likert label", 1)
    tap(page, ".binary label", 1)
    tap(page, "input[type=range]")


def paint_by_finger(page: Page) -> None:
    tap(page, ".brush button", 8)
    tap(page, ".cell", 0)
    tap(page, ".cell", 0)
    swipe(page, ".cell", 1, 3)


def write_by_finger(page: Page) -> None:
    tap(page, "#text")
    page.keyboard.type(WRITTEN)


BY_TOUCH: dict[str, tuple[Callable[[Page], None], Right]] = {
    "compare-full": (
        lambda page: (tap(page, ".option.tie", 1), tap(page, ".three-points label", 3))[0],
        lambda _, answer: answer["both_bad"] and answer["confidence"] == 1,
    ),
    "rank": (rank_by_finger, placed(3, 2, 4, 1)),
    "rank-extremes": (
        lambda page: (tap(page, ".picks label", 0), tap(page, ".picks label", 5))[0],
        extremes(0, 2),
    ),
    "rate": (rate_by_finger, rated({"clear": 2, "one_idea": 1, "covers": 50})),
    "choose-images": (
        lambda page: (tap(page, ".option", 0), tap(page, ".three-points label", 0))[0],
        chose(0, confidence=1),
    ),
    "choose-odd": (lambda page: tap(page, ".option", 1), chose(1)),
    "choose-intervention": (lambda page: tap(page, ".option", 2), chose(2)),
    "mark": (lambda page: tap(page, ".option.none"), marked()),
    "simulate": (paint_by_finger, painted(0, 8, 8, 8, 0)),
    "write": (write_by_finger, lambda _, answer: answer["text"] == WRITTEN),
}


def begin(page: Page, token: str) -> None:
    page.goto(f"/rate/{token}/")
    page.get_by_role("button", name="I agree and start").click()
    page.goto(f"/rate/{token}/next/")
    page.wait_for_load_state()


def press(page: Page, key: str) -> None:
    if key.startswith("Tab:"):
        for _ in range(20):
            page.keyboard.press("Tab")
            if page.evaluate(
                "name => !!document.activeElement.closest('.' + name)", key.removeprefix("Tab:")
            ):
                return
        pytest.fail(f"{key} is not reached")
    if " " in key or key == "so":
        page.keyboard.type(key)
    else:
        page.keyboard.press(key)


@pytest.mark.parametrize("name", BY_KEYS)
def test_every_form_is_answered_by_keyboard_alone(
    open_page: OpenPage,
    picture: Picture,
    assert_accessible: Callable[[Page], None],
    images: Path,
    name: str,
) -> None:
    keys, is_right = BY_KEYS[name]
    page = open_page()
    begin(page, batch_of(name, images).token)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    picture(page, f"protocol-{name}-light-keys")
    page.keyboard.press("Escape")
    page.locator("#count").click()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert_accessible(page)
    page.keyboard.press("Escape")
    for key in keys[:-1] if keys[-1] == "c" else keys:
        press(page, key)
    assert_accessible(page)
    picture(page, f"protocol-{name}-light")
    page.keyboard.press(keys[-1] if keys[-1] == "c" else "Enter")
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    judgment = Judgment.objects.select_related("assignment").get()
    assert is_right(judgment.assignment, judgment.answer), judgment.answer


@pytest.mark.parametrize("name", BY_TOUCH)
def test_every_form_is_answered_with_a_finger_on_a_phone_in_the_dark(
    open_page: OpenPage,
    picture: Picture,
    assert_accessible: Callable[[Page], None],
    images: Path,
    name: str,
) -> None:
    answer, is_right = BY_TOUCH[name]
    page = open_page(width=360, height=740, scheme="dark", touch=True)
    begin(page, batch_of(name, images).token)
    answer(page)
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.screenshot(path=picture(page, f"protocol-{name}-phone-dark"), full_page=True)
    tap(page, ".bar .primary")
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    judgment = Judgment.objects.select_related("assignment").get()
    assert is_right(judgment.assignment, judgment.answer), judgment.answer


# --- Trying a text --------------------------------------------------------------------------------

TRIED = {
    "tokens": ["The", " judge", " ruled"],
    "values": [0.0, 6.5, 9.1],
    "maximum": 9.4,
    "truncated": False,
}


def test_a_text_is_tried_by_keyboard_before_an_explanation_is_written(
    open_page: OpenPage, picture: Picture, assert_accessible: Callable[[Page], None], images: Path
) -> None:
    batch = batch_of("write-probe", images)
    study = Study.objects.create(title="A study", slug="study", question="?")
    neuron = factories.neuron(subject=factories.subject(layers=1, width=9), index=3)
    for item in batch.items.all():
        StudyItem.objects.create(study=study, item=item, neuron=neuron)
    page = open_page()
    begin(page, batch.token)
    for key in ("t", "The judge ruled", "Tab", "Enter"):
        press(page, key)
    expect(page.get_by_text("Waiting for a worker…")).to_be_visible()
    question = question_claim(at=timezone.now())
    assert question is not None
    assert question.lease is not None
    question_answer(lease=question.lease, result=TRIED, at=timezone.now())
    expect(page.locator(".live-result mark").first).to_have_text("judge")
    for key in ("Escape", "w", WRITTEN, "Escape"):
        press(page, key)
    assert_accessible(page)
    picture(page, "protocol-write-probe-light")
    press(page, "Enter")
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    assert Judgment.objects.get().answer["text"] == WRITTEN


# --- Images ---------------------------------------------------------------------------------------


def test_an_image_is_enlarged_by_its_key_and_comes_back(
    open_page: OpenPage, picture: Picture, assert_accessible: Callable[[Page], None], images: Path
) -> None:
    page = open_page()
    begin(page, batch_of("choose-images", images).token)
    press(page, "1")
    press(page, "e")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert_accessible(page)
    picture(page, "protocol-choose-images-enlarged")
    press(page, "2")  # not while it is enlarged
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert page.locator("input[name=choice]:checked").get_attribute("data-key") == "1"


def test_cards_are_dragged_with_a_mouse_too(open_page: OpenPage, images: Path) -> None:
    page = open_page()
    begin(page, batch_of("rank", images).token)
    grip, first = page.locator(".grip").nth(2), page.locator(".card").nth(0)
    grip.drag_to(first)
    assert page.locator(".card .pick").first.text_content() == "C 3"
    press(page, "Enter")
    expect(page.get_by_role("alert")).to_have_text("Give each description a different place.")


# --- Skipping, and going back ---------------------------------------------------------------------


def test_backspace_skips_with_a_reason_and_u_goes_back_to_the_last_answer(
    open_page: OpenPage, images: Path
) -> None:
    page = open_page()
    begin(page, batch_of("choose", images).token)
    for key in ("2", "Enter"):
        press(page, key)
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    page.wait_for_load_state()
    press(page, "u")
    expect(page.locator("#count")).to_have_text(re.compile("Changing your last answer"))
    page.wait_for_load_state()
    for key in ("3", "Enter"):
        press(page, key)
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    page.wait_for_load_state()
    for key in ("Backspace", "Enter"):
        press(page, key)
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    assert Assignment.objects.get(state="skipped").skip_reason == "unclear"
    changed = Judgment.objects.select_related("assignment").get(superseded_by=None)
    assert changed.answer["choice"] == changed.assignment.order[2]


# --- Without script -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rank", "rate", "simulate"])
def test_what_script_would_add_is_a_plain_field_without_it(
    open_page: OpenPage, picture: Picture, images: Path, name: str
) -> None:
    page = open_page(width=360, height=740, script=False)
    begin(page, batch_of(name, images).token)
    for place, select in enumerate(page.locator("select").all(), start=1):
        select.select_option(str(place))
    for question in page.locator("fieldset.dimension .points").all():
        question.locator("input").last.check()
    for field in page.locator("input[type=number], .cell:nth-of-type(2) input").all():
        field.fill("7")
    picture(page, f"protocol-{name}-phone-without-script")
    page.locator(".bar .primary").click()
    expect(page.locator("#count")).to_have_text(re.compile("2 of 2"))
    stored = Judgment.objects.select_related("assignment").get()
    answer = stored.answer
    expected = {
        "rank": {key: place for place, key in enumerate(stored.assignment.order, start=1)},
        "rate": {key: {"clear": 5, "one_idea": 1, "covers": 7} for key in stored.assignment.order},
        "simulate": [[0, 7] + [0] * (len(row) - 2) for row in answer.get("values", [])],
    }
    assert expected[name] in answer.values()
