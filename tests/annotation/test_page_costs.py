"""What a rater's page costs, and what it leaves alone."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.contrib.staticfiles import finders
from django.test import Client

from annotation.models import Batch
from annotation.protocols import PROTOCOLS
from tests.annotation.browsing import address, agreed, asked, send
from tests.annotation.factories import item_of, open_batch, plain

pytestmark = pytest.mark.django_db


def test_the_next_question_costs_few_queries(
    rater: Client, batch: Batch, django_assert_num_queries: Callable[..., Any]
) -> None:
    # the enrolment; is a question open, has a lease lapsed; [the enrolment, held; what was asked;
    # what is on offer; claim; item; assignment] and the savepoint around; progress in two
    with django_assert_num_queries(13):
        page = rater.get(f"/rate/{batch.token}/next/")
    with django_assert_num_queries(4):  # the open question again
        again = rater.get(f"/rate/{batch.token}/next/")
    assert (page.status_code, again.status_code) == (200, 200)


def test_an_answer_costs_few_queries(
    rater: Client, batch: Batch, django_assert_num_queries: Callable[..., Any]
) -> None:
    assignment = asked(rater, batch)
    assert address(assignment)  # known before the count starts
    # the enrolment; the assignment; [it, held; what was answered; the answer; the end of the claim]
    # and the savepoint around
    with django_assert_num_queries(8):
        send(rater, assignment)


def test_no_session_is_made_for_a_rater(rater: Client, batch: Batch) -> None:
    send(rater, asked(rater, batch))
    assert not Session.objects.exists()
    assert set(rater.cookies) <= {"rater", "csrftoken"}


def files_of(page: str) -> Iterator[str]:
    """Yield the static files that a page loads, and the modules that its modules import."""
    waiting = re.findall(r'(?:href|src)="/static/([^"]+)"', page)
    while waiting:
        name = waiting.pop()
        yield name
        if name.endswith(".js"):
            found = finders.find(name)
            assert found is not None
            with open(found) as script:
                waiting += [f"js/{file}" for file in re.findall(r'from "\./(.+?)"', script.read())]


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
def test_the_first_question_with_all_it_loads_is_under_60_kb(client: Client, protocol: str) -> None:
    batch = open_batch(
        items=1,
        overlap=1,
        payloads=[heavy_item(protocol)],
        protocol=protocol,
        ask_confidence=True,
    )
    page = agreed(client, batch).get(f"/rate/{batch.token}/next/").content
    weight = len(page)
    for name in set(files_of(page.decode())):
        found = finders.find(name)
        assert found is not None
        with open(found, "rb") as file:
            weight += len(file.read())
    assert weight < 60_000


def heavy_item(protocol: str) -> dict[str, Any]:
    """Return as much as a question is likely to show: eight excerpts, the longest options.

    The excerpts have 64 tokens, every second one marked.
    """
    tokens, values, levels = [" palaver"] * 64, [0.0, 3.1415] * 32, [0, 10] * 32
    excerpts = [{"tokens": tokens, "values": values, "levels": levels}] * 8
    item = item_of(protocol, asks={"reason": "required", "cannot_tell": True})
    for option in item.get("options", []):
        option |= {"shown": plain("x" * 500)} if protocol == "mark" else {"text": "x" * 500}
    if protocol == "simulate":
        return {**item, "texts": [tokens] * 4}
    return item if protocol == "mark" else {**item, "excerpts": excerpts}


def test_pages_load_nothing_from_anyone_else_and_nothing_inline(
    rater: Client, batch: Batch
) -> None:
    for path in ("", "instructions/", "next/", "done/"):
        page = rater.get(f"/rate/{batch.token}/{path}")
        policy = page["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        text = page.content.decode()
        assert not re.search(r"https?://|<style|style=|<script(?![^>]*src=)|\son\w+=", text)


def test_pages_are_not_kept_by_caches(rater: Client, batch: Batch) -> None:
    assert "no-store" in rater.get(f"/rate/{batch.token}/next/")["Cache-Control"]
