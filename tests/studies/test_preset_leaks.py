"""Whatever the design, nothing that reaches a rater says who wrote an explanation or how it did."""

from collections import Counter
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import Assignment, Item
from annotation.protocols.excerpt import Excerpt
from annotation.services.answers import judgment_submit
from explanations.models import Explanation, Score
from studies.design.candidates import Candidate
from studies.design.questions import DesignedQuestion
from studies.models import Condition, Study
from studies.presets import PRESETS
from studies.presets.base import ExplanationText, Material, Offer, ShownRecord
from studies.presets.bills_2023 import RANK
from studies.services.building import study_build
from studies.services.items import Question, keyed
from studies.services.lifecycle import study_open
from tests import factories
from tests.annotation.examples import answer_to
from tests.studies.stocked import stocked_study

CANARIES = ("CANARY", "0.123454321", "0,123454321", "0.1235", "12.3%", "12.3 %")
NAMES = list(PRESETS)


def marked_study(preset: str) -> Study:
    """Make an open study whose every secret is marked."""
    names = tuple(f"CANARY-METHOD-{i}" for i in range(3))
    study = stocked_study(
        preset, names=names, slug="CANARY-SLUG", question="CANARY-QUESTION", catches=0, repeats=20
    )
    first = study.neurons.all()[0]
    type(first.subject).objects.filter(pk=first.subject_id).update(name="CANARY-SUBJECT")
    scorer = factories.method("scorer", "CANARY-SCORER")
    for explanation in Explanation.objects.all():
        simulation = factories.simulation(explanation, method=_simulator())
        Score.objects.create(
            explanation=explanation, simulation=simulation, method=scorer, value=0.123454321, n=1
        )
    if PRESETS[preset].catch and preset != "pairwise":
        Study.objects.filter(pk=study.pk).update(catches=20)
    study_build(study=study)
    study_open(study=study)
    return study


def _simulator() -> object:
    return factories.builtin("simulator", "token_lookup")


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_no_payload_and_no_page_of_a_design_holds_a_canary(client: Client, name: str) -> None:
    study = marked_study(name)
    assert study.batch is not None
    token = study.batch.token
    seen = [str(item.payload) for item in Item.objects.all()]

    def get(view: str, *args: object) -> str:
        response = client.get(reverse(f"annotation:{view}", args=[token, *args]))
        return f"{response.headers}{response.cookies}{response.content.decode()}"

    client.post(reverse("annotation:invitation", args=[token]))
    seen += [get("invitation"), get("instructions")]
    for _ in range(3):
        seen.append(get("next"))
        assignment = Assignment.objects.get(state=Assignment.State.OPEN)
        answer_it(assignment)
        seen.append(get("answer", assignment.key))
    for page in seen:
        assert not [canary for canary in CANARIES if canary in page]
    assert Condition.objects.filter(name__contains="CANARY").exists() or (
        study.design.needs.explanations_per_question == "none"
    )


def answer_it(assignment: Assignment) -> None:
    answer = answer_to(assignment.item.payload, assignment.item.batch.protocol)
    judgment_submit(
        assignment=assignment, answer=answer, key=uuid4(), seconds=1.0, at=timezone.now()
    )


# --- Order and keys -------------------------------------------------------------------------------


def questions(n: int, k: int) -> list[Question]:
    """Return questions that offer what stands for conditions 0 to k - 1, in this order."""
    excerpt = Excerpt(tokens=("a ", "b"), values=(1.0, 9.0), levels=(1, 9))
    seen = ShownRecord(record=1, excerpt=excerpt, values=(1.0, 9.0))
    said = [ExplanationText(explanation=i, condition=i, text=f"text {i}") for i in range(k)]
    chosen = tuple(Candidate(explanation=i, condition=i, text=f"text {i}") for i in range(k))
    material = Material(explanations=tuple(said), records={"top": (seen,), "random": (seen,)})
    offers = tuple(Offer(text=each.text, explanation=each) for each in said)
    return [
        Question(
            designed=DesignedQuestion(neuron=i, name=str(i), chosen=chosen, number=i),
            material=material,
            offers=offers,
        )
        for i in range(n)
    ]


@pytest.mark.parametrize("k", [2, 3, 5, 8])
def test_neither_place_nor_key_goes_with_the_condition_over_two_thousand_items(k: int) -> None:
    items = keyed(RANK, questions(2000, k), seed=11)
    places = Counter(
        (option.condition, place) for item in items for place, option in enumerate(item.options)
    )
    # Latin squares: 2000 / k of each condition in each place, and one more for a square begun.
    assert set(places.values()) <= {2000 // k, 2000 // k + 1}
    values: dict[int, list[float]] = {condition: [] for condition in range(k)}
    for item in items:
        for option in item.options:
            assert option.condition is not None
            values[option.condition].append(int(option.key, 16) / 16**8)
    # The mean of 2,000 numbers uniform on (0, 1) has a standard deviation of .0065; five are .032.
    for of_one in values.values():
        assert sum(of_one) / 2000 == pytest.approx(0.5, abs=0.032)


@pytest.mark.django_db
def test_the_right_answer_stands_in_every_place_equally_often() -> None:
    study = stocked_study("intruder", neurons=25)
    study_build(study=study)
    places = Counter(
        [option["key"] for option in each.item.payload["options"]].index(each.known["choice"])
        for each in study.items.select_related("item")
        if each.known
    )
    assert places == dict.fromkeys(range(5), 5)
