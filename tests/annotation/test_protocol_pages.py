"""The page of every protocol as a plain form: what it shows, takes, and shows again."""

import json
import re
from html.parser import HTMLParser
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from annotation.models import Assignment, Batch, Judgment
from annotation.protocols import PROTOCOLS
from tests.annotation.browsing import address, agreed, asked
from tests.annotation.examples import EXAMPLES
from tests.annotation.factories import (
    TEXTS,
    image,
    intervention,
    item_of,
    open_batch,
    showing,
    texts,
)
from tests.annotation.pictures import stored_image

pytestmark = pytest.mark.django_db

NAMES = sorted(PROTOCOLS)


def post(rater: Client, assignment: Assignment, data: dict[str, Any]) -> Any:
    return rater.post(address(assignment), {"key": str(uuid4()), "seconds": "2", **data})


class Fields(HTMLParser):
    """What the form of a page would send: names and values of what is filled in or chosen."""

    def __init__(self, page: Any) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self.open = ""
        self.reads = False
        self.feed(page.content.decode())

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        name, kind = given.get("name", ""), given.get("type", "")
        if tag in ("select", "textarea"):
            self.open = name
            self.reads = tag == "textarea"
        elif tag == "option":
            self.reads = "selected" in given
        elif tag == "input" and (kind not in ("radio", "checkbox") or "checked" in given):
            self._add(name, given.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self.open and self.reads:
            self._add(self.open, data.strip())

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea", "option"):
            self.reads = False

    def _add(self, name: str, value: str) -> None:
        self.found.setdefault(name, []).append(value)

    def has(self, data: dict[str, Any]) -> bool:
        given = {n: sorted(v) if isinstance(v, list) else [v] for n, v in data.items() if v}
        return all(sorted(self.found.get(name, [])) == value for name, value in given.items())


@pytest.fixture(params=NAMES)
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def batch(protocol: str) -> Batch:
    return open_batch(items=3, overlap=2, protocol=protocol)


def test_a_form_without_script_is_taken_and_can_be_changed(
    rater: Client, batch: Batch, protocol: str
) -> None:
    assignment = asked(rater, batch)
    data = EXAMPLES[protocol].form(assignment.order)
    assert post(rater, assignment, data).status_code == HTTPStatus.SEE_OTHER
    again = rater.get(address(assignment))
    assert Fields(again).has(data)
    assert post(rater, assignment, {**data, "edit": "1"}).status_code == HTTPStatus.SEE_OTHER


def test_a_fault_is_explained_and_what_was_filled_in_stays(
    rater: Client, batch: Batch, protocol: str
) -> None:
    assignment = asked(rater, batch)
    data = EXAMPLES[protocol].wrong(assignment.order)
    page = post(rater, assignment, data)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    alert = re.search(r'role="alert">([^<]+)<', page.content.decode())
    assert alert is not None
    assert "not understood" not in alert[1]
    kept = {name: value for name, value in data.items() if value != "other"}
    assert Fields(page).has(kept)
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("field", ["score", "a.b.c", "choice.x", "place.x.y", "values[]", "rating"])
def test_a_forged_form_is_refused_and_nothing_is_written(
    rater: Client, batch: Batch, protocol: str, field: str
) -> None:
    assignment = asked(rater, batch)
    page = post(rater, assignment, {**EXAMPLES[protocol].form(assignment.order), field: "x"})
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Judgment.objects.exists()


def test_another_answer_sent_after_back_is_asked_about(
    rater: Client, batch: Batch, protocol: str
) -> None:
    assignment = asked(rater, batch)
    key = str(uuid4())
    data = EXAMPLES[protocol].form(assignment.order)
    post(rater, assignment, {**data, "key": key})
    other = EXAMPLES[protocol].other(assignment.order)
    page = post(rater, assignment, {**other, "key": key})
    assert page.status_code == HTTPStatus.CONFLICT
    assert "Submit again" in page.content.decode()
    assert Fields(page).has(other)
    assert Judgment.objects.count() == 1


def test_instructions_list_the_keys_of_the_protocol(
    rater: Client, batch: Batch, protocol: str
) -> None:
    page = rater.get(f"/rate/{batch.token}/instructions/").content.decode()
    assert page.count("<dt>") >= 5
    shown = rater.get(f"/rate/{batch.token}/next/").content.decode()
    assert re.findall(r"<dd>\s*(.+?)\s*</dd>", page) == re.findall(r"<dd>\s*(.+?)\s*</dd>", shown)


def test_the_admin_shows_what_a_rater_is_shown(
    admin_client: Client, batch: Batch, protocol: str
) -> None:
    page = admin_client.get(f"/admin/annotation/item/{batch.items.all()[0].pk}/change/")
    assert page.status_code == HTTPStatus.OK
    assert re.search("trout|reeds|number 0", page.content.decode())


def test_options_stand_in_the_order_of_the_assignment(
    rater: Client, batch: Batch, protocol: str
) -> None:
    for _ in range(3):
        assignment = asked(rater, batch)
        page = rater.get(f"/rate/{batch.token}/next/").content.decode()
        places = [page.index(key) for key in assignment.order]
        assert places == sorted(places)
        post(rater, assignment, EXAMPLES[protocol].form(assignment.order))
    assert Judgment.objects.count() == 3


def test_everything_may_be_asked_besides(client: Client, protocol: str) -> None:
    asks = {"confidence": True, "reason": "required", "cannot_tell": True}
    batch = open_batch(payloads=[item_of(protocol, asks=asks)] * 2, protocol=protocol)
    assignment = asked(agreed(client, batch), batch)
    data = EXAMPLES[protocol].form(assignment.order)
    page = post(client, assignment, {**data, "confidence": "2"})
    assert "Say why, in a few words." in page.content.decode()
    sent = {**data, "confidence": "2", "reason": "it fits"}
    assert post(client, assignment, sent).status_code == HTTPStatus.SEE_OTHER
    assert Fields(client.get(address(assignment))).has(sent)
    unsure = asked(client, batch)
    assert post(client, unsure, {"cannot_tell": "1"}).status_code == HTTPStatus.SEE_OTHER
    assert "You answered that you can't tell." in client.get(address(unsure)).content.decode()
    stored = [judgment.answer for judgment in Judgment.objects.order_by("pk")]
    assert (stored[0]["confidence"], stored[0]["reason"]) == (2, "it fits")
    assert stored[1] == {"cannot_tell": True, "confidence": None}


# --- Stimuli --------------------------------------------------------------------------------------


def test_what_was_predicted_stands_beside_what_was_real(client: Client) -> None:
    options = texts(0, 2)
    payload = item_of("compare", options=options)
    payload["excerpts"][0]["simulated"] = [
        {"key": option["key"], "levels": [0, level, 0, 0, 0, 0, 0]}
        for option, level in zip(options, (5, 8), strict=True)
    ]
    batch = open_batch(payloads=[payload])
    assignment = asked(agreed(client, batch), batch)
    page = client.get(f"/rate/{batch.token}/next/").content.decode()
    level = {option["key"]: level for option, level in zip(options, ("l5", "l8"), strict=True)}
    first, last = (page.index(f"Predicted from {name}") for name in "AB")
    assert first < page.index(f'<mark class="{level[assignment.order[0]]}"') < last
    assert last < page.index(f'<mark class="{level[assignment.order[1]]}"')


def test_an_intervention_is_a_table_of_what_was_expected_before_and_after(client: Client) -> None:
    batch = open_batch(payloads=[item_of("choose", excerpts=[intervention()])], protocol="choose")
    page = agreed(client, batch).get(f"/rate/{batch.token}/next/").content.decode()
    for words in ("The trout swam up the", "<caption>", "river", "41%", "3.0%", "38%"):
        assert words in page


@pytest.fixture
def pictured(settings: Any, tmp_path: Path) -> Batch:
    """Return a batch whose questions show images."""
    settings.IMAGE_DIR = tmp_path
    shown = [stored_image(tmp_path, seed, f"picture {seed}") for seed in range(2)]
    payload = item_of("choose", excerpts=[], options=showing(0, *shown))
    return open_batch(payloads=[payload] * 2, protocol="choose")


def test_a_rater_fetches_the_images_of_their_question(client: Client, pictured: Batch) -> None:
    page = agreed(client, pictured).get(f"/rate/{pictured.token}/next/").content.decode()
    sources = re.findall(r'<img src="([^"]+)"', page)
    assert len(sources) == 2
    assert re.findall(r'alt="(picture \d)"', page)
    for source in sources:
        answer = client.get(source)
        assert answer.status_code == HTTPStatus.OK
        assert answer["Content-Type"] == "image/png"
        assert b"".join(answer).startswith(b"\x89PNG")  # type: ignore[call-overload]


def test_an_image_is_for_the_rater_whose_question_shows_it(
    client: Client, pictured: Batch, tmp_path: Path
) -> None:
    page = agreed(client, pictured).get(f"/rate/{pictured.token}/next/").content.decode()
    source = re.findall(r'<img src="([^"]+)"', page)[0]
    stranger = agreed(Client(), pictured)
    assert stranger.get(source).status_code == HTTPStatus.NOT_FOUND
    assert Client().get(source).status_code == HTTPStatus.SEE_OTHER
    name = source.rsplit("/", 1)[1]
    unshown = stored_image(tmp_path, 9, "not shown")["name"]
    for other in (unshown, f"{'0' * 32}.png", "..%2Fsecret_key"):
        assert client.get(source.replace(name, other)).status_code == HTTPStatus.NOT_FOUND


def test_an_image_that_is_gone_is_not_found(client: Client, settings: Any, tmp_path: Path) -> None:
    settings.IMAGE_DIR = tmp_path
    payload = item_of("choose", excerpts=[image()])
    batch = open_batch(payloads=[payload], protocol="choose")
    page = agreed(client, batch).get(f"/rate/{batch.token}/next/").content.decode()
    source = re.findall(r'<img src="([^"]+)"', page)[0]
    assert client.get(source).status_code == HTTPStatus.NOT_FOUND


def test_markup_in_what_raters_are_shown_is_text(client: Client, protocol: str) -> None:
    evil = "<script>alert(1)</script>"
    text = json.dumps(item_of(protocol)).replace(TEXTS[0], evil).replace(" trout", evil)
    batch = open_batch(payloads=[json.loads(text)], protocol=protocol)
    page = agreed(client, batch).get(f"/rate/{batch.token}/next/").content.decode()
    assert "<script>alert" not in page


def test_a_forced_choice_offers_no_tie(client: Client) -> None:
    batch = open_batch(protocol="compare", payloads=[item_of("compare", forced_choice=True)])
    rater = agreed(client, batch)
    page = rater.get(f"/rate/{batch.token}/next/")
    assert 'value="tie"' not in page.content.decode()
    assignment = page.context["state"].assignment
    refused = rater.post(address(assignment), {"choice": "tie"})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    rater.post(address(assignment), {"choice": assignment.order[0]})
    assert Judgment.objects.get().answer["choice"] == assignment.order[0]
