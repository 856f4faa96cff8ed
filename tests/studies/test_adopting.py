"""What raters write and simulate stands beside what models do: once, held out, by no name."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from io import StringIO
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from annotation.models import Assignment, Enrolment, Exclusion, Judgment
from annotation.selectors.progress import more_may_come
from annotation.services.answers import judgment_submit
from annotation.services.batches import rater_enrol
from annotation.services.claims import assignment_claim
from explanations.models import Explanation, Method, Run, Score, Simulation
from explanations.selectors.material import simulations_to_score
from explanations.services.runs import run_create
from explanations.tasks import work_on_chunk
from studies.exports.tables import pieces
from studies.models import Adoption, Condition, Study, StudyItem
from studies.selectors.sampling import authors_of
from studies.selectors.tables import study_scores
from studies.services.adopting import Adopted, study_adopt
from studies.services.building import study_build
from studies.services.errors import StudyRefused
from studies.services.lifecycle import study_close, study_open
from tests import factories
from tests.studies.stocked import stocked_study

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Answer = Callable[[Assignment], Mapping[str, Any]]


def opened(preset: str, **values: Any) -> Study:
    study = stocked_study(preset, **{"neurons": 2, **values})
    study_build(study=study)
    study_open(study=study)
    return study


def takes_part(study: Study, answer: Answer, n: int, *, synthetic: bool = False) -> Enrolment:
    assert study.batch is not None
    enrolment = rater_enrol(batch=study.batch, rater=None, at=NOW, synthetic=synthetic)
    for _ in range(n):
        assignment = assignment_claim(enrolment=enrolment, at=NOW)
        assert assignment is not None
        given = answer(assignment)
        judgment_submit(assignment=assignment, answer=given, key=uuid4(), seconds=9.0, at=NOW)
    return enrolment


def writes(text: str) -> Answer:
    return lambda _assignment: {"text": text}


def paints(value: int) -> Answer:
    def paint(assignment: Assignment) -> Mapping[str, Any]:
        texts = assignment.item.payload["texts"]
        return {"values": [[value] + [0] * (len(tokens) - 1) for tokens in texts]}

    return paint


def adopt(study: Study) -> Adopted:
    study_close(study=study, at=NOW)
    return study_adopt(study=study, at=NOW)


def run(kind: Run.Kind, method: Method, **over: Any) -> None:
    made = run_create(kind=kind, method=method, **over)
    assert made.run is not None
    while work_on_chunk(made.run.pk):
        pass


def of_people() -> list[Explanation]:
    """Return the explanations that raters wrote."""
    adopted = Explanation.objects.filter(author_kind="human", method__isnull=False)
    return list(adopted.order_by("pk"))


# --- Explanations ---------------------------------------------------------------------------------


def test_what_a_rater_wrote_becomes_an_explanation_that_knows_what_its_author_saw() -> None:
    study = opened("written", neurons=1)
    rater = takes_part(study, writes("words  that swim"), 1).rater
    assert (adopt(study).adopted, adopt_again(study).adopted) == (1, 0)
    [made] = of_people()
    [item] = StudyItem.objects.filter(study=study)
    assert made.text == "words that swim"
    assert made.neuron_id == item.neuron_id
    assert set(made.shown.values_list("pk", flat=True)) == set(item.records)
    assert made.method is not None
    assert made.method.config == {
        "study": study.slug,
        "protocol": "write",
        "person": study.pseudonym(rater.key),
    }
    [adoption] = Adoption.objects.all()
    assert (adoption.judgment, adoption.explanation) == (Judgment.objects.get(), made)


def adopt_again(study: Study) -> Adopted:
    return study_adopt(study=study, at=NOW)


def test_the_export_says_what_became_of_each_answer() -> None:
    study = opened("written", neurons=1)
    takes_part(study, writes("words that swim"), 1)
    adopt(study)
    exported = b"".join(pieces(study, "adoptions", "jsonl"))
    [row] = (json.loads(line) for line in exported.splitlines())
    [made] = of_people()
    assert row["judgment"] == str(Judgment.objects.get().key)
    assert (row["explanation"], row["simulation"], row["reason"]) == (made.pk, None, None)
    assert made.method is not None
    assert row["rater"] == made.method.config["person"]


def test_the_same_words_of_two_raters_are_stored_once() -> None:
    study = opened("written", neurons=1)
    takes_part(study, writes("words that swim"), 1)
    takes_part(study, writes("words that swim"), 1)
    adopted = adopt(study)
    assert (adopted.adopted, adopted.same, len(of_people())) == (2, 1, 1)


def test_answers_of_programs_and_of_excluded_raters_are_left_out_and_said() -> None:
    study = opened("written", neurons=1, overlap=3)
    takes_part(study, writes("words of a program"), 1, synthetic=True)
    takes_part(study, writes("words that swim"), 1)
    hasty = takes_part(study, writes("words of haste"), 1)
    Exclusion.objects.create(
        enrolment=hasty, rule="too_fast", value=1, n=1, limit=0.5, pauses=False, at=NOW
    )
    adopted = adopt(study)
    assert [each.text for each in of_people()] == ["words that swim"]
    assert adopted.left_out == {
        "given by a program": 1,
        "by a rater whom the rule “too_fast” excludes": 1,
    }
    Exclusion.objects.update(lifted=NOW, lifted_because="was read aloud")
    assert adopt_again(study).adopted == 1


def test_an_answer_that_is_no_explanation_is_an_outcome_with_its_reason() -> None:
    study = opened("written", neurons=1)
    rater = takes_part(study, writes("words that swim"), 1)
    first = Judgment.objects.get()
    Judgment.objects.bulk_create(
        [
            Judgment(
                key=uuid4(),
                assignment=first.assignment,
                answer={"text": "swim"},
                seconds=1,
                submitted=NOW,
                supersedes=first,
            )
        ]
    )
    assert rater.rater_id
    assert sum(adopt(study).failed.values()) == 1
    assert sum(adopt_again(study).failed.values()) == 0
    assert "has not 10 to 300 characters" in Adoption.objects.get().reason
    assert not of_people()


def test_a_later_answer_is_a_revision_of_what_was_adopted() -> None:
    study = opened("written", neurons=1)
    takes_part(study, writes("words that swim"), 1)
    adopt(study)
    study_open(study=study)
    first = Judgment.objects.get()
    judgment_submit(
        assignment=first.assignment,
        answer={"text": "words that swim in water"},
        key=uuid4(),
        seconds=5.0,
        at=NOW,
        edit=True,
    )
    adopt(study)
    before, after = of_people()
    assert (after.text, after.parent) == ("words that swim in water", before)


def test_only_a_closed_study_of_writers_or_simulators_is_adopted() -> None:
    study = opened("written")
    with pytest.raises(StudyRefused, match="Close the study first"):
        study_adopt(study=study, at=NOW)
    with pytest.raises(StudyRefused, match="write or simulate"):
        study_adopt(study=opened("pairwise"), at=NOW)


def test_a_study_that_says_so_is_adopted_when_it_closes() -> None:
    study = opened("written", neurons=1, adopts=True)
    takes_part(study, writes("words that swim"), 1)
    study_close(study=study, at=NOW)
    assert Adoption.objects.count() == 1


def test_the_command_says_what_came_of_it_and_refuses_what_cannot_be() -> None:
    study = opened("written", neurons=1)
    takes_part(study, writes("words that swim"), 1)
    takes_part(study, writes("words of a program"), 1, synthetic=True)
    with pytest.raises(CommandError, match="Close the study first"):
        call_command("adopt", study.slug)
    study_close(study=study, at=NOW)
    said = StringIO()
    call_command("adopt", study.slug, stdout=said)
    assert said.getvalue().splitlines() == [
        "1 explanation adopted.",
        "1 left out: given by a program.",
    ]
    with pytest.raises(CommandError, match="'nothing'"):
        call_command("adopt", "nothing")


def test_the_admin_says_how_many_before_it_adopts(client: Client) -> None:
    client.force_login(User.objects.create_superuser("staff"))
    study = opened("written", neurons=1)
    takes_part(study, writes("words that swim"), 1)
    takes_part(study, writes("words of a program"), 1, synthetic=True)
    study_close(study=study, at=NOW)
    form = reverse("admin:studies_study_change", args=[study.pk])
    page = " ".join(client.get(form).content.decode().split())
    assert "0 explanations adopted, 1 waiting. 1 left out: given by a program." in page
    assert "adopt on closing" in page.lower()
    url = reverse("admin:studies_study_act", args=[study.pk, "adopt"])
    assert "Yes, adopt 1 explanation<" in client.post(url).content.decode()
    assert not of_people()
    client.post(url, {"confirmed": "yes"})
    assert len(of_people()) == 1
    assert "1 explanation adopted, 0 waiting." in " ".join(
        client.get(form).content.decode().split()
    )


def test_everybody_of_a_study_is_one_author_to_choose(client: Client) -> None:
    study = opened("written", neurons=1)
    takes_part(study, writes("words that swim"), 1)
    takes_part(study, writes("words that sleep"), 1)
    adopt(study)
    subject = study.neurons.get().subject
    people = [each for each in authors_of(subject) if each.method is None]
    assert [each.neurons for each in people] == [1]
    assert not any(each.method and each.method.is_person for each in authors_of(subject))


# --- Simulations ----------------------------------------------------------------------------------


def test_what_a_rater_painted_is_scored_as_a_models_simulation_is() -> None:
    study = opened("human-simulation", neurons=1, names=("plain", "people"))
    takes_part(study, paints(9), 2)
    assert adopt(study).adopted == 2
    made = Simulation.objects.select_related("method").order_by("pk")
    assert {each.scale for each in made} == {"zero_to_ten"}
    assert {each.method.config["protocol"] for each in made} == {"simulate"}
    run(
        Run.Kind.SCORE,
        factories.builtin("scorer", "correlation"),
        simulations=[each.pk for each in made],
    )
    scores = Score.objects.filter(simulation__in=made)
    assert scores.count() == 2
    assert all(score.value is not None for score in scores)


def test_painted_tokens_stand_on_the_records_that_were_shown() -> None:
    study = opened("human-simulation", neurons=1, names=("plain", "people"))
    takes_part(study, paints(7), 1)
    adopt(study)
    simulation = Simulation.objects.get()
    [item] = StudyItem.objects.filter(study=study, explanation=simulation.explanation)
    assert set(simulation.records.values_list("record", flat=True)) == set(item.records)
    for row in simulation.records.all():
        painted = np.frombuffer(row.values or b"", dtype="<f4")
        assert painted.tolist() == [7, 0, 0]


def test_a_text_that_the_author_saw_has_a_reason_and_no_values() -> None:
    study = opened("human-simulation", neurons=1, names=("plain", "people"))
    takes_part(study, paints(7), 2)
    for item in StudyItem.objects.filter(study=study):
        assert item.explanation is not None
        item.explanation.shown.add(item.records[0])
    adopt(study)
    for simulation in Simulation.objects.all():
        reasons = list(simulation.records.order_by("pk").values_list("reason", flat=True))
        assert sorted(map(bool, reasons)) == [False, True]
        assert not simulations_to_score([simulation.pk])[simulation.pk].leaked


def test_the_people_of_one_study_are_one_simulator_whose_scores_are_their_means() -> None:
    study = opened("human-simulation", neurons=1, names=("plain", "people"), overlap=2)
    takes_part(study, paints(9), 2)
    takes_part(study, paints(2), 2)
    adopt(study)
    scorer = factories.builtin("scorer", "correlation")
    for simulation in Simulation.objects.select_related("method"):
        second = Score.objects.filter(explanation=simulation.explanation, method=scorer).exists()
        value = 0.2 if second else 0.6
        Score.objects.create(
            explanation=simulation.explanation,
            simulation=simulation,
            method=scorer,
            value=value,
            n=4,
        )
    [scores] = (each for each in study_scores(study) if "people of" in each.scorer)
    assert scores.scorer == f"correlation · people of {study.slug}"
    assert scores.value.tolist() == pytest.approx([0.4, 0.4])


# --- On equal terms -------------------------------------------------------------------------------


def test_what_people_wrote_is_scored_and_compared_with_what_a_model_wrote() -> None:
    writing = opened("written", neurons=3)
    Explanation.objects.all().delete()
    takes_part(writing, lambda a: {"text": f"words on page {a.item.position}"}, 3)
    adopt(writing)
    written = [each.pk for each in of_people()]
    run(Run.Kind.SIMULATE, factories.builtin("simulator", "token_lookup"), explanations=written)
    simulated = list(
        Simulation.objects.filter(explanation__in=written).values_list("pk", flat=True)
    )
    run(Run.Kind.SCORE, factories.builtin("scorer", "correlation"), simulations=simulated)
    assert Score.objects.filter(explanation__in=written).count() == 3

    comparing = compared(Explanation.objects.filter(pk__in=written))
    assert comparing.items.count() == 3
    factories.judged(comparing, ["written by people"] * 3)
    [scores] = study_scores(comparing)
    assert set(scores.explanation.tolist()) <= set(written)


def test_nobody_judges_their_own_words_and_whoever_could_only_do_that_is_done() -> None:
    writing = opened("written", neurons=2)
    Explanation.objects.all().delete()
    writer = takes_part(writing, lambda a: {"text": f"words on page {a.item.position}"}, 1).rater
    adopt(writing)
    comparing = compared(Explanation.objects.filter(text__startswith="words"))
    [own] = StudyItem.objects.filter(study=comparing)
    assert own.item.not_for.get() == writer

    assert comparing.batch is not None
    for rater, asked in ((writer, []), (None, [own.item])):
        enrolment = rater_enrol(batch=comparing.batch, rater=rater, at=NOW)
        assert more_may_come(enrolment) is bool(asked)
        claim = assignment_claim(enrolment=enrolment, at=NOW)
        assert [claim.item] == asked if claim else not asked


def compared(written: Any) -> Study:
    """Return an open study of what a rater wrote about each neuron beside a model's words."""
    method = factories.method(name="plain")
    comparing = Study.objects.create(title="Which fits?", slug="which-fits")
    comparing.neurons.set(written.values_list("neuron", flat=True))
    for neuron in comparing.neurons.all():
        factories.explanation(neuron, f"plain {neuron.pk}", method=method, author_kind="model")
    Condition.objects.create(study=comparing, name="plain", method=method)
    Condition.objects.create(study=comparing, name="written by people", method=None)
    study_build(study=comparing)
    study_open(study=comparing)
    return comparing
