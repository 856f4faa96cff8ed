"""Whoever rates in this browser is shown nothing that could sway an answer."""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from annotation.models import Enrolment
from explanations.models import Explanation, Question, Score, Subject
from explanations.records import Split
from explanations.services.questions import question_answer, question_ask, question_claim
from studies.models import Study
from studies.services.building import study_build
from studies.services.lifecycle import study_close, study_open
from tests import factories
from tests.annotation.browsing import agreed, asked, send

pytestmark = pytest.mark.django_db

# The last two are a score and a simulated value as pages round them.
CANARIES = ("CANARY-METHOD", "CANARY-SCORER", "CANARY-SIMULATOR", "0.12", "7.43")
WHY = "You are rating explanations in this browser"


@pytest.fixture
def study() -> Study:
    """Make an open study that was judged, about neurons that everyone may look at."""
    made = Study.objects.create(title="A study", slug="a-study", items_per_rater=2)
    subject = factories.subject(name="shown", audience="everyone")
    made.neurons.set(factories.neuron_with_records(subject=subject) for _ in range(2))
    scorer = factories.method("scorer", "CANARY-SCORER")
    simulator = factories.method("simulator", "CANARY-SIMULATOR")
    for i in range(2):
        method = factories.method(name=f"CANARY-METHOD-{i}")
        made.conditions.create(name=f"condition {i}", method=method)
        for neuron in made.neurons.all():
            text = f"{'zebra' if i == 0 else 'ant'} CANARY-SAID {neuron.index}"
            said = factories.explanation(neuron, text, author_kind="model", method=method)
            scored(said, scorer, simulator)
    study_build(study=made)
    study_open(study=made)
    for _ in range(2):
        factories.judged(made, ["condition 0", "condition 1"])
    return made


def scored(said: Explanation, scorer: object, simulator: object) -> None:
    simulation = factories.simulation(said, method=simulator)
    record = said.neuron.records.filter(document__split=Split.SCORE).first()
    assert record is not None
    factories.simulated_record(simulation, record, (7.43, 0, 0, 0))
    Score.objects.create(
        explanation=said, simulation=simulation, method=scorer, value=0.123454321, n=1
    )


@pytest.fixture
def rater(client: Client, study: Study) -> Client:
    assert study.batch is not None
    return agreed(client, study.batch)


def answered_question() -> UUID:
    """Ask what means the same as a text, and let a worker answer with every explanation."""
    asked_ = question_ask(kind=Question.Kind.MEANING, subject=Subject.objects.get(), text="animals")
    held = question_claim(at=timezone.now())
    assert held is not None
    assert held.lease is not None
    near = [[pk, 0.1204] for pk in Explanation.objects.values_list("pk", flat=True)]
    question_answer(lease=held.lease, result={"explanations": near}, at=timezone.now())
    return asked_.token


def pages(client: Client, study: Study) -> Iterator[tuple[str, str]]:
    """Open every page about the study's neurons; yield its path and what it shows."""
    simulation = Score.objects.first()
    assert simulation is not None
    neuron = f"/neurons/shown/0/{study.neurons.all()[0].index}/"
    for path in (
        "/neurons/",
        "/neurons/shown/",
        "/neurons/shown/0/",
        "/neurons/shown/0/?sort=maximum&order=down",
        neuron,
        f"{neuron}?more=simulated&simulation={simulation.simulation_id}",
        *(f"/neurons/shown/lists/{each}/" for each in ("best", "worst", "disputed", "saved")),
        "/neurons/shown/search/?words=CANARY",
        f"/neurons/shown/search/{answered_question()}/",
    ):
        answer = client.get(path)
        assert answer.status_code == 200, path
        yield path, f"{answer.headers}\n{answer.content.decode()}"
    found = client.post("/neurons/shown/search/", {"text": "CANARY", "by": "meaning"})
    yield "a search by meaning", found.content.decode().replace('value="CANARY"', "")


def test_whoever_rates_is_shown_no_author_method_score_preference_or_simulation(
    rater: Client, study: Study
) -> None:
    rater.force_login(User.objects.create_superuser("admin"))
    for path, shown in pages(rater, study):
        assert not [canary for canary in CANARIES if canary in shown], path
        # What is said is no secret on the neuron's own page: who said it is.
        assert ("CANARY-SAID" in shown) == bool(re.search(r"/0/\d+/", path)), path
        assert "Preferred in" not in shown
        assert "by a language model" not in shown


def test_texts_stand_by_alphabet_for_whoever_rates(rater: Client, study: Study) -> None:
    shown = rater.get(f"/neurons/shown/0/{study.neurons.all()[0].index}/").content.decode()
    assert shown.index("ant CANARY-SAID") < shown.index("zebra CANARY-SAID")


def test_every_page_that_hides_something_says_why(rater: Client, study: Study) -> None:
    silent = [path for path, shown in pages(rater, study) if WHY not in shown]
    assert silent == ["/neurons/", "/neurons/shown/lists/saved/"]


def test_a_search_by_meaning_is_not_asked_for_whoever_rates(rater: Client, study: Study) -> None:
    rater.post("/neurons/shown/search/", {"text": "fish", "by": "meaning"})
    assert not Question.objects.exists()


def test_whoever_does_not_rate_sees_all_of_it(client: Client, study: Study) -> None:
    everything = "".join(shown for _, shown in pages(client, study))
    assert not [canary for canary in CANARIES if canary not in everything]
    assert "Preferred in" in everything
    assert WHY not in everything


def test_after_the_last_question_all_of_it_is_shown_again(rater: Client, study: Study) -> None:
    assert study.batch is not None
    for _ in range(2):
        send(rater, asked(rater, study.batch))
    rater.get(f"/rate/{study.batch.token}/next/")
    assert Enrolment.objects.filter(finished=None).count() < Enrolment.objects.count()
    assert WHY not in rater.get("/neurons/shown/").content.decode()


def test_a_study_that_is_closed_blinds_nobody_any_more(rater: Client, study: Study) -> None:
    assert WHY in rater.get("/neurons/shown/").content.decode()
    study_close(study=study, at=timezone.now())
    assert WHY not in rater.get("/neurons/shown/").content.decode()


def test_a_forged_cookie_blinds_nobody(client: Client, study: Study) -> None:
    client.cookies["rater"] = "forged"
    assert WHY not in client.get("/neurons/shown/").content.decode()
