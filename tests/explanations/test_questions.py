"""A question has one outcome, whoever asks, whoever dies, and however many ask at once."""

import math
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from explanations.models import Question, Subject
from explanations.records import NeuronRef
from explanations.selectors.questions import QuestionState, question_state
from explanations.services.leases import lease_extend, lease_release
from explanations.services.questions import (
    QuestionRefused,
    TooManyQuestions,
    question_answer,
    question_ask,
    question_claim,
    question_fail,
    question_withdraw,
)
from explanations.tasks import messages_waiting, sweep
from explanations.tasks.questions import KEPT
from tests import factories

pytestmark = pytest.mark.django_db

REF = NeuronRef(layer=1, index=7)
ANSWER = {"tokens": ["a"], "values": [0.5], "maximum": None, "truncated": False}


@pytest.fixture
def subject() -> Subject:
    return factories.subject(layers=2, width=10)


def ask(subject: Subject, **changes: Any) -> Question:
    given = {"kind": Question.Kind.ACTIVATE, "text": "a red fish", "neuron": REF, **changes}
    return question_ask(subject=subject, **given)


def claimed(**later: int) -> Question | None:
    return question_claim(at=timezone.now() + timedelta(**later))


def held(**later: int) -> Any:
    """Claim a question and return its lease."""
    question = claimed(**later)
    assert question is not None
    return question.lease


def state(question: Question) -> QuestionState:
    found = question_state(question.token)
    assert found is not None
    return found


# --- Asking ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"text": " \n"}, "write a text first"),
        ({"text": "x" * 2001}, "2,001 characters: at most 2,000"),
        ({"text": "a\0b"}, "null character"),
        ({"neuron": NeuronRef(layer=2, index=0)}, "layers 0 to 1"),
        ({"neuron": NeuronRef(layer=0, index=10)}, "neurons 0 to 9"),
        ({"neuron": None}, "layers 0 to 1"),
        ({"kind": Question.Kind.INTERVENE}, "a number from"),
        ({"kind": Question.Kind.INTERVENE, "clamp": math.inf}, "a number from"),
        ({"kind": Question.Kind.INTERVENE, "clamp": math.nan}, "a number from"),
        ({"kind": Question.Kind.INTERVENE, "clamp": -2e6}, "a number from"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(
    subject: Subject, changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(QuestionRefused, match=says):
        ask(subject, **changes)
    assert not Question.objects.exists()


def test_a_subject_whose_neurons_are_not_known_yet_is_refused() -> None:
    with pytest.raises(QuestionRefused, match="has not been captured yet"):
        ask(factories.subject(layers=0, width=0))


def test_two_thousand_characters_count_as_a_person_counts_them(subject: Subject) -> None:
    # A form sends a line break as two characters.
    assert ask(subject, text="x\r\n" * 1000).text == "x\n" * 1000


def test_each_kind_keeps_what_it_needs_and_no_more(subject: Subject) -> None:
    meaning = ask(subject, kind=Question.Kind.MEANING, clamp=3.0)
    assert (meaning.layer, meaning.index, meaning.clamp) == (None, None, None)
    assert ask(subject, clamp=3.0).clamp is None
    assert ask(subject, kind=Question.Kind.INTERVENE, clamp=0.0).clamp == 0.0


def test_a_person_has_three_open_questions_at_most(subject: Subject) -> None:
    asker = User.objects.create_user("one")
    for _ in range(3):
        ask(subject, asker=asker)
    with pytest.raises(TooManyQuestions, match="of yours"):
        ask(subject, asker=asker)
    ask(subject, asker=User.objects.create_user("another"))
    question_answer(lease=held(), result=ANSWER, at=timezone.now())
    ask(subject, asker=asker)


def test_a_visitor_without_a_name_is_known_by_earlier_tokens(subject: Subject) -> None:
    tokens = [ask(subject).token for _ in range(3)]
    with pytest.raises(TooManyQuestions, match="of yours"):
        ask(subject, earlier=tokens)
    assert ask(subject, earlier=tokens[:2])


def test_fifty_open_questions_are_enough_for_everybody(subject: Subject) -> None:
    for _ in range(50):
        ask(subject)
    with pytest.raises(TooManyQuestions, match="many people are asking"):
        ask(subject)


# --- Answering ------------------------------------------------------------------------------------


def test_the_oldest_question_is_answered_first_and_by_one_worker(subject: Subject) -> None:
    first, second = ask(subject), ask(subject)
    assert [state(first).ahead, state(second).ahead] == [0, 1]
    lease = held()
    assert state(first).state == "working"
    assert (claimed(), claimed()) == (second, None)
    assert question_answer(lease=lease, result=ANSWER, at=timezone.now())
    assert state(first).state == "finished"
    assert state(first).result == ANSWER
    assert state(second).ahead == 0


def test_whoever_lost_the_lease_changes_nothing(subject: Subject) -> None:
    question = ask(subject)
    late = held()
    assert held(hours=1) != late
    now = timezone.now()
    assert not lease_extend(Question, lease=late, at=now)
    assert not question_answer(lease=late, result=ANSWER, at=now)
    assert not question_fail(lease=late, reason="too late", at=now)
    assert not lease_release(Question, lease=late)
    assert state(question).state == "working"


def test_an_extended_lease_is_kept(subject: Subject) -> None:
    ask(subject)
    assert lease_extend(Question, lease=held(), at=timezone.now() + timedelta(hours=1))
    assert claimed(minutes=30) is None


def test_a_question_that_ends_its_worker_three_times_is_given_up(subject: Subject) -> None:
    question = ask(subject)
    for hours in (1, 2, 3):
        held(hours=hours)
    assert claimed(hours=4) is None
    assert state(question).state == "failed"
    assert "ended 3 times" in state(question).reason


def test_a_question_that_is_handed_back_was_not_attempted(subject: Subject) -> None:
    question = ask(subject)
    assert lease_release(Question, lease=held())
    question.refresh_from_db()
    assert (question.lease, question.attempts) == (None, 0)
    assert claimed() == question


def test_a_failure_has_a_reason_of_one_line(subject: Subject) -> None:
    question = ask(subject)
    question_fail(lease=held(), reason="no\nmemory" + "y" * 400, at=timezone.now())
    assert state(question).state == "failed"
    assert state(question).reason.startswith("no memoryy")
    assert len(state(question).reason) == 300


def test_a_number_that_json_lacks_is_no_answer(subject: Subject) -> None:
    ask(subject)
    with pytest.raises(ValueError, match="not finite"):
        question_answer(lease=held(), result={"before": [["a", math.nan]]}, at=timezone.now())


def test_a_stranger_to_the_token_finds_nothing(subject: Subject) -> None:
    ask(subject)
    assert question_state(uuid4()) is None


# --- Ends -----------------------------------------------------------------------------------------


def test_an_open_question_can_be_withdrawn_and_a_finished_one_stays(subject: Subject) -> None:
    first, second = ask(subject), ask(subject)
    question_answer(lease=held(), result=ANSWER, at=timezone.now())
    assert not question_withdraw(token=first.token)
    assert question_withdraw(token=second.token)
    assert list(Question.objects.all()) == [first]


def test_a_sweep_forgets_what_was_asked_a_day_ago(subject: Subject) -> None:
    old, new = ask(subject), ask(subject)
    Question.objects.filter(pk=old.pk).update(created=timezone.now() - KEPT)
    sweep()
    assert list(Question.objects.all()) == [new]


def test_sweeps_send_for_a_worker_while_a_question_waits_and_pile_nothing_up(
    subject: Subject,
) -> None:
    before = messages_waiting("gpu")
    sweep()
    assert messages_waiting("gpu") == before
    ask(subject)
    for _ in range(5):
        sweep()
    assert messages_waiting("gpu") <= max(before, 1)


def test_behind_a_broker_a_worker_is_called_when_the_question_is_committed(
    subject: Subject, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    settings.SERVICE_MODE = True
    before = messages_waiting("gpu")
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        ask(subject)
        assert messages_waiting("gpu") == before
    assert messages_waiting("gpu") == before + 1
