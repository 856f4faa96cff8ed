"""Raters' pages in a second language: complete, chosen without a session, foreign parts marked."""

import re
from typing import Any

import polib
import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils.timezone import now

from annotation.models import Batch, Enrolment
from annotation.protocols import PROTOCOLS
from annotation.services.batches import batch_close
from annotation.templatetags.languages import PROBE_TEXTS
from deploy.compile_translations import compiled
from tests.annotation.browsing import address, agreed, asked
from tests.annotation.factories import image, intervention, item_of, open_batch, showing
from tests.annotation.german import CATALOGUE, not_german
from tests.annotation.messages import messages, texts_of_scripts

PLACES = re.compile(r"%\(\w+\)s|\{\w+\}|<[^>]*>")
ENTRY = {
    "checks": [{"question": "Which?", "options": ["this", "that"], "right": 0}],
    "practice": [{"payload": item_of("compare"), "gold": {"choice": "tie"}, "why": "Both do."}],
    "recruiter": "prolific",
    "codes": {"completed": "C1", "screened_out": "S1", "no_consent": "N1"},
}


@pytest.fixture
def german() -> Client:
    return Client(headers={"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"})


# --- The catalogue --------------------------------------------------------------------------------


def test_every_text_of_the_raters_pages_is_translated_and_no_other() -> None:
    entries = {entry.msgid: entry for entry in polib.pofile(str(CATALOGUE))}
    assert set(entries) == {message.singular for message in messages()}
    for entry in entries.values():
        assert entry.translated(), entry.msgid
        assert not entry.fuzzy


def test_translations_keep_the_placeholders_and_the_tags() -> None:
    for entry in polib.pofile(str(CATALOGUE)):
        said = entry.msgstr_plural or {1: entry.msgstr}
        of_many = entry.msgid_plural or entry.msgid
        assert sorted(PLACES.findall(said[1])) == sorted(PLACES.findall(of_many))
        if entry.msgid_plural:
            assert sorted(PLACES.findall(said[0])) == sorted(PLACES.findall(entry.msgid))


def test_the_compiled_catalogue_is_that_of_the_text() -> None:
    assert CATALOGUE.with_suffix(".mo").read_bytes() == compiled(CATALOGUE), "run make messages"


def test_what_scripts_say_to_raters_can_be_translated() -> None:
    assert texts_of_scripts(("live", "live-results")) == set(PROBE_TEXTS)


# --- Pages ----------------------------------------------------------------------------------------


def of_protocol(name: str) -> dict[str, Any]:
    """Return a question with all that one of the protocol may ask and show."""
    asks = {"confidence": True, "reason": "optional", "cannot_tell": True}
    if name == "choose":
        shown = showing(0, image(), image("1" * 16))
        return {"version": 1, "asks": asks, "excerpts": [intervention()], "options": shown}
    if name == "compare":
        return item_of(name, asks=asks, strength=True, both_bad=True)
    return item_of(name, asks=asks)


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_a_german_question_says_nothing_in_english(german: Client, name: str) -> None:
    batch = open_batch(protocol=name, payloads=[of_protocol(name)], overlap=1)
    rater = agreed(german, batch)
    instructions = rater.get(f"/rate/{batch.token}/instructions/")
    page = rater.get(f"/rate/{batch.token}/next/")
    faulty = rater.post(address(page.context["state"].assignment), {})
    assert faulty.status_code == 422
    for each in (instructions, page, faulty):
        assert '<html lang="de">' in each.content.decode()
        assert not_german(each.content.decode()) == []


@pytest.mark.django_db
def test_best_and_worst_are_asked_for_in_german(german: Client) -> None:
    batch = open_batch(protocol="rank", payloads=[item_of("rank", mode="best_worst")], overlap=1)
    page = agreed(german, batch).get(f"/rate/{batch.token}/next/").content.decode()
    assert not_german(page) == []


@pytest.mark.django_db
def test_the_whole_way_is_german(german: Client) -> None:
    batch = open_batch(items=2, overlap=1, entry=ENTRY)
    link = f"/rate/{batch.token}/"
    arrival = f"{link}?PROLIFIC_PID=p1"
    pages = [german.get(link), german.get(arrival), german.post(arrival, {"agree": "no"})]
    german.post(arrival)
    pages += [german.get(f"{link}check/"), german.post(f"{link}check/", {"number": "0"})]
    german.post(f"{link}check/", {"number": "0", "check0": "1"})
    pages.append(german.get(f"{link}check/"))
    german.post(f"{link}check/", {"number": "1", "check0": "0"})
    pages.append(german.get(f"{link}practice/"))
    keys = {"number": "0", "choice": "tie"}
    pages.append(german.post(f"{link}practice/", keys))
    for _ in range(2):
        question = asked(german, batch)
        german.post(address(question), {"choice": "tie"})
    differs = german.post(address(question), {"choice": question.order[0]})
    pages += [differs, german.get(address(question)), german.get(f"{link}done/")]
    batch_close(batch=batch)
    pages += [german.get(link), german.get("/rate/nothing/")]
    for page in pages:
        assert not_german(page.content.decode()) == []


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["screened_out", "paused"])
def test_who_is_asked_no_more_is_told_so_in_german(german: Client, state: str) -> None:
    batch = open_batch(items=1, overlap=1)
    rater = agreed(german, batch)
    Enrolment.objects.update(**{state: now()})
    assert not_german(rater.get(f"/rate/{batch.token}/next/").content.decode()) == []


@pytest.mark.django_db
def test_errors_are_german_too(german: Client) -> None:
    unknown = german.get("/rate/a/b/c/")
    assert unknown.status_code == 404
    strict = Client(enforce_csrf_checks=True, headers={"Accept-Language": "de"})
    refused = strict.post("/rate/language/", {"language": "en"})
    assert refused.status_code == 403
    for page in (unknown, refused):
        assert not_german(page.content.decode()) == []


@pytest.mark.django_db
def test_values_have_a_decimal_comma_in_german(german: Client) -> None:
    batch = open_batch(items=1, overlap=1)
    page = agreed(german, batch).get(f"/rate/{batch.token}/next/").content.decode()
    assert 'title="8,25"' in page


# --- What is in which language --------------------------------------------------------------------


@pytest.mark.django_db
def test_foreign_parts_say_their_language_and_a_study_in_the_pages_own_says_none(
    german: Client,
) -> None:
    for language, marked in (("en", True), ("de", False)):
        batch = open_batch(items=1, overlap=1, language=language)
        page = agreed(german, batch).get(f"/rate/{batch.token}/next/").content.decode()
        assert ('<span class="description" lang="en">' in " ".join(page.split())) == marked


@pytest.mark.django_db
def test_the_choice_on_the_page_beats_the_browsers_and_needs_no_session(german: Client) -> None:
    batch = open_batch(items=1, overlap=1)
    here = f"/rate/{batch.token}/"
    response = german.post("/rate/language/", {"language": "en", "next": here})
    assert response["Location"] == here
    cookie = german.cookies["django_language"]
    assert (cookie["path"], cookie["samesite"]) == ("/rate/", "Lax")
    page = german.get(here)
    assert page["Content-Language"] == "en"
    assert "I agree and start" in page.content.decode()
    assert not Session.objects.exists()


@pytest.mark.django_db
def test_the_language_is_not_changed_by_way_of_another_site(german: Client) -> None:
    response = german.post("/rate/language/", {"language": "de", "next": "https://evil.example/"})
    assert response["Location"] == "/"


@pytest.mark.django_db
def test_researchers_pages_stay_english(german: Client) -> None:
    assert "Log in" in german.get("/admin/login/").content.decode()


@pytest.mark.django_db
def test_a_language_that_there_is_not_gives_english() -> None:
    batch = open_batch(items=1, overlap=1)
    page = Client(headers={"Accept-Language": "tlh"}).get(f"/rate/{batch.token}/")
    assert '<html lang="en">' in page.content.decode()


def test_a_batch_names_its_language() -> None:
    field = Batch._meta.get_field("language")
    for tag in ("en", "pt-BR", "zh-Hans"):
        field.run_validators(tag)
    with pytest.raises(Exception, match="valid value"):
        field.run_validators('en" onclick="')


def test_a_text_that_was_forgotten_would_be_found() -> None:
    page = '<p>Weitermachen</p><p>Go on</p><p lang="en">Go on</p><img alt="fish">'
    assert not_german(page) == ["Go on", "fish"]
