"""Questions over HTTP: for whoever may look around in the subject, from our own pages only."""

import json
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from explanations.models import Question, Subject
from explanations.selectors.access import INVITED_KEY
from explanations.services.questions import question_answer, question_claim
from tests import factories

pytestmark = pytest.mark.django_db

QUESTIONS = "/api/questions/"


@pytest.fixture
def subject() -> Subject:
    return factories.subject(layers=2, width=10, audience=Subject.Audience.INVITED)


@pytest.fixture
def visitor(subject: Subject) -> Client:
    """Return the browser of somebody who opened an invitation and is not logged in."""
    return invited(Client(), subject)


def invited(client: Client, subject: Subject) -> Client:
    session = client.session
    session[INVITED_KEY] = [str(subject.browse_token)]
    session.save()
    return client


def ask(client: Client, subject: Subject, **changes: Any) -> Any:
    body = {"kind": "activate", "subject": subject.name, "layer": 1, "index": 7, "text": "a fish"}
    return client.post(QUESTIONS, body | changes, content_type="application/json")


def address(response: Any) -> str:
    assert response.status_code == HTTPStatus.CREATED, response.content
    return f"{QUESTIONS}{response.json()['token']}/"


def test_a_question_is_asked_and_its_answer_is_read(visitor: Client, subject: Subject) -> None:
    answer = address(ask(visitor, subject))
    assert visitor.get(answer).json() == {
        **{"kind": "activate", "subject": subject.name, "state": "waiting", "ahead": 0},
        **{"text": "a fish", "result": None, "reason": "", "token": answer.split("/")[-2]},
    }
    question = question_claim(at=timezone.now())
    assert question is not None
    assert question.lease is not None
    assert visitor.get(answer).json()["state"] == "working"
    question_answer(lease=question.lease, result={"tokens": ["a"]}, at=timezone.now())
    read = visitor.get(answer)
    assert (read.json()["state"], read.json()["result"]) == ("finished", {"tokens": ["a"]})
    assert read["Cache-Control"] == "no-store"


def test_a_plain_form_can_ask_too(visitor: Client, subject: Subject) -> None:
    body = {"kind": "intervene", "subject": subject.name, "layer": "1", "index": "7"}
    answered = visitor.post(QUESTIONS, {**body, "text": "a\r\nfish ", "clamp": "-1.5"})
    assert answered.status_code == HTTPStatus.CREATED
    question = Question.objects.get()
    assert (question.text, question.clamp, question.asker) == ("a\nfish ", -1.5, None)


def test_whoever_asks_is_remembered(subject: Subject) -> None:
    client = Client()
    user = User.objects.create_user("researcher", is_staff=True)
    client.force_login(user)
    address(ask(client, subject))
    assert Question.objects.get().asker == user


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "guess"}, 'kind: "guess" is not a valid choice.'),
        ({"text": "  "}, "write a text first"),
        ({"text": "a\0b"}, "text: Null characters are not allowed."),
        ({"text": "\ud800"}, "text: Surrogate characters are not allowed"),
        ({"layer": 2}, "layers 0 to 1"),
        ({"layer": None}, "layers 0 to 1"),
        ({"index": -1}, "index: Ensure this value is greater than"),
        ({"index": 10**30}, "neurons 0 to 9"),
        ({"kind": "intervene"}, "set the neuron to a number"),
        ({"kind": "intervene", "clamp": "nan"}, "clamp: A valid number is required."),
        ({"kind": "intervene", "clamp": 1e300}, "set the neuron to a number"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(
    visitor: Client, subject: Subject, changes: dict[str, Any], says: str
) -> None:
    refused = ask(visitor, subject, **changes)
    assert refused.status_code == HTTPStatus.BAD_REQUEST
    assert says in refused.json()["detail"]
    assert not Question.objects.exists()


@pytest.mark.parametrize("body", ["[]", "{", "null", '"text"'])
def test_what_is_no_question_is_refused(visitor: Client, body: str) -> None:
    refused = visitor.post(QUESTIONS, body, content_type="application/json")
    assert refused.status_code == HTTPStatus.BAD_REQUEST


def test_a_fourth_open_question_is_too_many(visitor: Client, subject: Subject) -> None:
    for _ in range(3):
        last = address(ask(visitor, subject))
    refused = ask(visitor, subject)
    assert refused.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "3 questions of yours" in refused.json()["detail"]
    assert visitor.delete(last).status_code == HTTPStatus.NO_CONTENT
    address(ask(visitor, subject))


def test_a_stranger_can_neither_ask_nor_read_nor_withdraw(
    visitor: Client, subject: Subject
) -> None:
    answer = address(ask(visitor, subject))
    another = factories.subject(audience=Subject.Audience.INVITED)
    for stranger in (Client(), invited(Client(), another)):
        assert ask(stranger, subject).status_code == HTTPStatus.NOT_FOUND
        assert stranger.get(answer).status_code == HTTPStatus.NOT_FOUND
        assert stranger.delete(answer).status_code == HTTPStatus.NOT_FOUND
    assert Question.objects.count() == 1


def test_a_subject_that_is_not_there_and_one_that_is_hidden_look_alike(visitor: Client) -> None:
    hidden = factories.subject(audience=Subject.Audience.STAFF)
    answers = [ask(visitor, hidden), ask(visitor, Subject(name="nothing"))]
    assert {(each.status_code, each.content) for each in answers} == {
        (HTTPStatus.NOT_FOUND, answers[0].content)
    }


def test_everybody_may_ask_about_a_subject_that_is_open_to_everybody() -> None:
    open_to_all = factories.subject(layers=2, width=10, audience=Subject.Audience.EVERYONE)
    client = Client()
    answer = address(ask(client, open_to_all))
    assert client.get(answer).status_code == HTTPStatus.OK


def test_an_unknown_token_is_not_found(visitor: Client) -> None:
    assert visitor.get(f"{QUESTIONS}{uuid4()}/").status_code == HTTPStatus.NOT_FOUND
    assert visitor.get(f"{QUESTIONS}7/").status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("logged_in", [False, True])
def test_another_site_cannot_ask_in_a_visitors_name(subject: Subject, logged_in: bool) -> None:
    browser = invited(Client(enforce_csrf_checks=True), subject)
    if logged_in:
        browser.force_login(User.objects.create_user("researcher", is_staff=True))
    browser.cookies["csrftoken"] = token = "a" * 32
    body = {"kind": "activate", "subject": subject.name, "layer": 1, "index": 7, "text": "a fish"}
    for crossing in (
        browser.post(QUESTIONS, body),
        browser.post(QUESTIONS, json.dumps(body), content_type="application/json"),
        browser.post(QUESTIONS, json.dumps(body), content_type="text/plain"),
    ):
        assert crossing.status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.UNSUPPORTED_MEDIA_TYPE}
    assert not Question.objects.exists()
    own = browser.post(QUESTIONS, body, headers={"X-CSRFToken": token})
    assert own.status_code == HTTPStatus.CREATED
    assert browser.delete(address(own)).status_code == HTTPStatus.FORBIDDEN
