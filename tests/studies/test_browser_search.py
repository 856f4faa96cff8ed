"""What is said about neurons can be searched by its words, and by what it means."""

import re
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from explanations.models import Explanation, Question, Subject
from explanations.records import NeuronRef
from explanations.services.questions import (
    question_answer,
    question_ask,
    question_claim,
    question_fail,
)
from studies.templatetags.neurons import highlighted
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject() -> Subject:
    return factories.subject(name="shown", audience="everyone")


def said(subject: Subject, index: int, text: str, **values: object) -> Explanation:
    return factories.explanation(factories.neuron(subject=subject, index=index), text, **values)


def found(client: Client, words: str, query: str = "") -> list[str]:
    answer = client.get(f"/neurons/shown/search/?words={words}{query}")
    assert answer.status_code == 200
    return re.findall(r'href="/neurons/shown/0/(\d+)/"', answer.content.decode())


# --- By words -------------------------------------------------------------------------------------


def test_all_words_must_stand_in_an_explanation_in_either_case(
    client: Client, subject: Subject
) -> None:
    said(subject, 1, "Fish in the sea")
    said(subject, 2, "the sea alone")
    said(subject, 3, "a SEAFISH")
    assert found(client, "sea+fish") == ["1", "3"]
    assert found(client, "SEA") == ["1", "2", "3"]
    assert found(client, "bread") == []


def test_what_was_searched_for_is_marked_and_never_markup(client: Client, subject: Subject) -> None:
    said(subject, 1, "<b>Fish</b> & chips")
    shown = client.get("/neurons/shown/search/?words=fish+%26").content.decode()
    assert (
        '&lt;b&gt;<mark class="hit">Fish</mark>&lt;/b&gt; <mark class="hit">&amp;</mark>' in shown
    )


def test_marks_take_the_longest_word_and_keep_the_text() -> None:
    assert highlighted("sea seafish", ["sea", "seafish"]) == (
        '<mark class="hit">sea</mark> <mark class="hit">seafish</mark>'
    )
    assert highlighted("a < b", []) == "a &lt; b"


def test_controls_and_other_subjects_are_not_found(client: Client, subject: Subject) -> None:
    said(subject, 1, "fish", author_kind="control", method=factories.method())
    said(factories.subject(), 2, "fish")
    assert found(client, "fish") == []


def test_many_finds_come_in_pages(client: Client, subject: Subject) -> None:
    for index in range(60):
        said(subject, index, "fish")
    assert len(found(client, "fish")) == 50
    assert len(found(client, "fish", "&page=2")) == 10
    assert found(client, "fish", "&page=9") == []


def test_signs_that_databases_take_for_patterns_are_plain_signs(
    client: Client, subject: Subject
) -> None:
    said(subject, 1, "100% sure")
    said(subject, 2, "1000 sure")
    assert found(client, "100%25") == ["1"]


def test_without_words_there_is_only_the_form(client: Client, subject: Subject) -> None:
    said(subject, 1, "fish")
    assert found(client, "") == []
    assert 'type="search"' in client.get("/neurons/shown/search/").content.decode()


def test_the_form_leads_a_search_by_words_to_an_address_to_keep(
    client: Client, subject: Subject
) -> None:
    answer = client.post("/neurons/shown/search/", {"text": " red fish ", "by": "words"})
    assert answer["Location"] == "/neurons/shown/search/?words=red+fish"


# --- By meaning -----------------------------------------------------------------------------------


def ask(client: Client, text: str = "animals") -> str:
    """Send the form; return where it leads."""
    answer = client.post("/neurons/shown/search/", {"text": text, "by": "meaning"})
    assert answer.status_code == 302, answer.content
    return str(answer["Location"])


def claimed() -> Question:
    question = question_claim(at=timezone.now())
    assert question is not None
    return question


def test_a_search_by_meaning_waits_for_a_worker_and_shows_what_it_found(
    client: Client, subject: Subject
) -> None:
    near, far = said(subject, 1, "fish and birds"), said(subject, 2, "numbers")
    other = said(factories.subject(), 3, "of another subject")
    address = ask(client)
    waiting = client.get(address)
    assert waiting["Refresh"] == "2"
    assert "Working on it…" in waiting.content.decode()
    question = claimed()
    assert question.lease is not None
    result = {"explanations": [[near.pk, 0.81], [other.pk, 0.5], [far.pk, 0.1], [999_999, 0.1]]}
    question_answer(lease=question.lease, result=result, at=timezone.now())
    answer = client.get(address)
    shown = answer.content.decode()
    assert "Refresh" not in answer
    assert re.findall(r'href="/neurons/shown/0/(\d)/"', shown) == ["1", "2"]
    assert "0.81" in shown
    assert "of another subject" not in shown


def test_a_search_that_failed_says_why(client: Client, subject: Subject) -> None:
    address = ask(client)
    question = claimed()
    assert question.lease is not None
    question_fail(lease=question.lease, reason="the encoder is not installed", at=timezone.now())
    shown = client.get(address).content.decode()
    assert "the encoder is not installed" in shown


def test_a_text_that_cannot_be_searched_for_is_said_to_be_none(
    client: Client, subject: Subject
) -> None:
    answer = client.post("/neurons/shown/search/", {"text": "x" * 2001, "by": "meaning"})
    assert answer.status_code == 422
    assert "the text has 2,001 characters" in answer.content.decode()
    assert not Question.objects.exists()


def test_who_asks_too_much_is_told_to_wait(client: Client, subject: Subject) -> None:
    for _ in range(3):
        ask(client)
    answer = client.post("/neurons/shown/search/", {"text": "more", "by": "meaning"})
    assert answer.status_code == 429
    assert "wait for one of them" in answer.content.decode()


def test_the_answer_to_something_else_is_not_shown_as_a_search(
    client: Client, subject: Subject
) -> None:
    question = question_ask(
        kind=Question.Kind.ACTIVATE,
        subject=subject,
        text="fish",
        neuron=NeuronRef(layer=0, index=1),
    )
    for token in (question.token, uuid4()):
        assert client.get(f"/neurons/shown/search/{token}/").status_code == 404


def test_a_search_in_one_subject_is_not_found_under_another(
    client: Client, subject: Subject
) -> None:
    other = factories.subject(audience="everyone")
    token = ask(client).split("/")[-2]
    assert client.get(f"/neurons/{other.name}/search/{token}/").status_code == 404
