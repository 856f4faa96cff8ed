"""A rater who writes an explanation tries texts on the neuron, and learns nothing else of it."""

import json
import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from annotation.models import Batch
from explanations.models import Neuron, Question
from explanations.records import NeuronRef
from explanations.services.questions import (
    question_answer,
    question_ask,
    question_claim,
    question_fail,
)
from studies.api import MAX_OPEN_PROBES
from studies.models import Study, StudyItem
from tests import factories
from tests.annotation.browsing import agreed
from tests.annotation.factories import item_of, open_batch

pytestmark = pytest.mark.django_db

RESULT = {"tokens": ["a", " fish"], "values": [0.0, 3.5], "maximum": 4.0, "truncated": False}


@pytest.fixture
def neuron() -> Neuron:
    subject = factories.subject(name="CANARY-SUBJECT", layers=2, width=10)
    return factories.neuron(subject=subject, layer=1, index=7)


def batch_about(neuron: Neuron | None, *, probe: bool = True) -> Batch:
    batch = open_batch(payloads=[item_of("write", probe=probe)], protocol="write", overlap=3)
    if neuron is not None:
        study = Study.objects.create(title="A study", slug=f"s-{batch.pk}", question="?")
        StudyItem.objects.create(study=study, item=batch.items.get(), neuron=neuron)
    return batch


def page_of(client: Client, batch: Batch) -> str:
    return agreed(client, batch).get(f"/rate/{batch.token}/next/").content.decode()


@pytest.fixture
def address(client: Client, neuron: Neuron) -> str:
    """Return the address that a rater's page carries."""
    found = re.search(r'data-questions="([^"]+)"', page_of(client, batch_about(neuron)))
    assert found is not None
    return found[1]


def tried(client: Client, address: str, text: str = "a fish") -> Any:
    return client.post(address, {"kind": "activate", "text": text}, content_type="application/json")


def test_a_text_is_tried_and_the_answer_is_read(client: Client, address: str) -> None:
    sent = tried(client, address)
    assert sent.status_code == HTTPStatus.CREATED
    answer = f"{address}{sent.json()['token']}/"
    waiting = {"state": "waiting", "ahead": 0, "result": None, "reason": ""}
    assert client.get(answer).json() == waiting
    question = question_claim(at=timezone.now())
    assert question is not None
    assert question.lease is not None
    assert (question.layer, question.index, question.text) == (1, 7, "a fish")
    question_answer(lease=question.lease, result=RESULT, at=timezone.now())
    read = client.get(answer)
    assert read.json() == {"state": "finished", "ahead": 0, "result": RESULT, "reason": ""}
    assert read["Cache-Control"] == "no-store"


def test_nothing_that_comes_back_names_the_neuron_or_its_subject(
    client: Client, neuron: Neuron, address: str
) -> None:
    answer = f"{address}{tried(client, address).json()['token']}/"
    question = question_claim(at=timezone.now())
    assert question is not None
    assert question.lease is not None
    reason = "CANARY-SUBJECT cannot be loaded"
    question_fail(lease=question.lease, reason=reason, at=timezone.now())
    neuron.subject.layers = 0
    neuron.subject.save()
    refused = tried(client, address)
    assert refused.status_code == HTTPStatus.BAD_REQUEST
    failed = client.get(answer)
    assert failed.json()["state"] == "failed"
    said = json.dumps([failed.json(), refused.json()]) + page_of(Client(), batch_about(neuron))
    assert "CANARY" not in said


@pytest.mark.parametrize("text", ["", " \n", "x" * 2001, None, "a\0b"])
def test_what_cannot_be_tried_is_explained(client: Client, address: str, text: Any) -> None:
    answer = tried(client, address, text)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert answer.json()["detail"]
    assert not Question.objects.exists()


def test_a_forged_or_old_address_leads_nowhere(
    client: Client, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed = address.split("/")[-2]
    for forged in (signed[:-1] + "x", "MQ", signed.replace(":", "")):
        answer = tried(client, address.replace(signed, forged))
        assert answer.status_code == HTTPStatus.NOT_FOUND
    later = (timezone.now() + timedelta(days=2)).timestamp()
    monkeypatch.setattr("time.time", lambda: later)
    assert tried(client, address).status_code == HTTPStatus.NOT_FOUND


def test_an_address_answers_for_its_own_neuron_only(client: Client, address: str) -> None:
    other = factories.neuron(subject=factories.subject(layers=2, width=10), layer=0, index=3)
    question = question_ask(
        kind=Question.Kind.ACTIVATE,
        subject=other.subject,
        text="a secret",
        neuron=NeuronRef(layer=0, index=3),
    )
    for token in (question.token, uuid4()):
        assert client.get(f"{address}{token}/").status_code == HTTPStatus.NOT_FOUND
        assert client.delete(f"{address}{token}/").status_code == HTTPStatus.NOT_FOUND


def test_a_text_that_nobody_waits_for_is_withdrawn(client: Client, address: str) -> None:
    answer = f"{address}{tried(client, address).json()['token']}/"
    assert client.delete(answer).status_code == HTTPStatus.NO_CONTENT
    assert not Question.objects.exists()


def test_too_many_texts_at_once_have_to_wait(client: Client, address: str) -> None:
    for _ in range(MAX_OPEN_PROBES):
        assert tried(client, address).status_code == HTTPStatus.CREATED
    assert tried(client, address).status_code == HTTPStatus.TOO_MANY_REQUESTS


def test_a_page_offers_no_probe_where_the_study_does_not_or_no_neuron_is_known(
    client: Client, neuron: Neuron
) -> None:
    assert "data-questions" not in page_of(client, batch_about(neuron, probe=False))
    assert "data-questions" not in page_of(Client(), batch_about(None))
