"""A researcher starts a run in the admin and watches it, in a real browser."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from explanations.methods.values import Answer
from explanations.models import Run
from explanations.prices import Price, Prices
from explanations.services.calls import call_store
from explanations.services.leases import target_fail, targets_claim
from explanations.services.start_run import RunWanted, run_start
from tests import factories
from tests.browser.conftest import OpenPage, Picture
from tests.browser.test_study_journey import log_in

pytestmark = pytest.mark.django_db(transaction=True)

PRICE = {"in": 1.0, "out": 2.0}


@pytest.fixture(autouse=True)
def prices(settings) -> None:
    """Know the price of one model."""
    settings.LLM_MODEL = "tiny"
    settings.PRICES = Prices.read({"tiny": PRICE})


def _one_is_refused(run: int) -> None:
    """Let a worker ask once, and fail with one target."""
    claim = targets_claim(run_id=run, limit=1, at=timezone.now())
    (target,) = claim.targets
    call_store(
        target_id=target,
        place=0,
        digest="d",
        model="tiny",
        outcome=Answer(text="no", tokens_in=300_000, tokens_out=100_000, seconds=2.0),
        price=Price(tokens_in=1.0, tokens_out=2.0),
    )
    target_fail(target_id=target, lease=claim.lease, reason="the model declined", at=timezone.now())


def test_a_run_is_sized_started_and_watched_without_reloading(
    open_page: OpenPage, picture: Picture
) -> None:
    subject = factories.subject()
    factories.neurons(5, subject=subject)
    page = open_page()
    log_in(page)
    page.goto("/admin/explanations/run/")
    page.get_by_role("link", name="Start a run").click()
    page.get_by_role("link", name="token_activation").click()
    page.get_by_label("Neurons").fill("0/0-3")
    page.get_by_label("Budget").fill("2")
    page.get_by_role("button", name="Count the targets").click()
    expect(page.get_by_role("status")).to_contain_text("4 to do")
    page.get_by_role("button", name="Start", exact=True).click()
    panel = page.get_by_label("Progress", exact=True)
    expect(panel).to_contain_text("0 of 4")
    expect(panel.get_by_role("button", name="Retry failures")).to_be_hidden()

    page.evaluate("document.body.dataset.loaded = 'once'")
    _one_is_refused(Run.objects.get().pk)
    expect(panel).to_contain_text("1 of 4")
    expect(panel).to_contain_text("1 × the model declined")
    # 0.3 million tokens at 1 dollar, 0.1 million at 2.
    expect(panel).to_contain_text(re.compile(r"Cost in dollars\s+\(budget 2.00\)\s+0.5000"))
    expect(panel.get_by_role("button", name="Retry failures")).to_be_visible()
    expect(page.locator("body")).to_have_attribute("data-loaded", "once")
    picture(page, "run-watched")

    # A halted run can be resumed, which takes other buttons: the page comes anew by itself.
    Run.objects.update(halted="its budget of $2.00 is spent", dollars=2.01)
    expect(panel).to_contain_text("Halted: its budget of $2.00 is spent")
    page.get_by_label("New budget, in dollars").fill("5")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("The run was resumed.")).to_be_visible()
    assert Run.objects.get().budget == 5


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (360, "light")])
def test_the_pages_of_runs_fit_and_can_be_read(
    open_page: OpenPage, picture: Picture, width: int, scheme: str
) -> None:
    factories.neurons(3)
    created = run_start(
        wanted=RunWanted(kind=Run.Kind.EXPLAIN, method="token_activation", budget=1.0)
    )
    assert created.run is not None
    _one_is_refused(created.run.pk)
    Run.objects.update(halted="its budget of $1.00 is spent")
    page = open_page(width=width, scheme=scheme)
    log_in(page)
    pages = {
        "start": "start/",
        "form": "start/score/fuzzing/",
        "halted": f"{created.run.pk}/change/",
    }
    for name, path in pages.items():
        page.goto(f"/admin/explanations/run/{path}")
        picture(page, f"runs-{name}-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
