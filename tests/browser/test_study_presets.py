"""A researcher starts a study of a published design in three clicks, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Picture
from tests.browser.test_study_journey import SCREENS, log_in
from tests.studies.stocked import stocked_study

pytestmark = pytest.mark.django_db(transaction=True)
Accessible = Callable[[Page], None]


@pytest.mark.parametrize("screen", SCREENS)
def test_a_study_of_a_published_design_is_running_in_three_clicks(
    open_page: OpenPage, picture: Picture, assert_accessible: Accessible, screen: str
) -> None:
    stocked_study("pairwise").delete()
    page = open_page(**SCREENS[screen])
    log_in(page)
    page.goto("/admin/studies/study/")
    page.get_by_role("link", name="New from a published design").click()
    picture(page, f"study-presets-{screen}")
    assert_accessible(page)
    page.get_by_role("link", name="Bricken 2023: rubric of 0 to 14").click()
    expect(page.get_by_text("Raters never see these names")).to_be_visible()
    picture(page, f"study-start-{screen}")
    assert_accessible(page)
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) <= 0
    page.get_by_role("button", name="Build and open").click()
    expect(page.get_by_label("Invitation link for raters")).to_be_visible()
    picture(page, f"study-started-{screen}")
