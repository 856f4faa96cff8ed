"""Neurons are listed by how well they are explained and by how raters disagreed about them."""

import re
from dataclasses import replace

import pytest
from django.test import Client

from explanations.models import Explanation, Method, Neuron, Score, Subject
from explanations.records import NeuronRef
from studies.models import Study
from studies.selectors.preference import Disputed, neurons_disputed, preferences
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject() -> Subject:
    return factories.subject(name="shown", audience="everyone")


@pytest.fixture
def scorer() -> Method:
    return factories.method("scorer", "correlation")


def scored(
    subject: Subject, scorer: Method, value: float | None, index: int, **values: object
) -> Explanation:
    """Make an explanation with a score of a neuron in layer 0, which is made where it is not."""
    neuron, _ = Neuron.objects.get_or_create(
        subject=subject, layer=0, index=index, defaults={"maximum": 9.0}
    )
    said = factories.explanation(neuron, f"said {index} {value}", **values)
    reason = "constant" if value is None else ""
    Score.objects.create(explanation=said, method=scorer, value=value, reason=reason, n=9)
    return said


def listed(client: Client, which: str, query: str = "") -> list[str]:
    """Return the indices of the neurons on a list, in order."""
    answer = client.get(f"/neurons/shown/lists/{which}/{query}")
    assert answer.status_code == 200
    return re.findall(r'href="/neurons/shown/0/(\d+)/"', answer.content.decode())


def test_a_neuron_is_as_well_explained_as_its_best_explanation(
    client: Client, subject: Subject, scorer: Method
) -> None:
    for index, value in [(1, 0.2), (1, 0.9), (2, 0.5), (3, -0.1), (4, None)]:
        scored(subject, scorer, value, index)
    assert listed(client, "best") == ["1", "2", "3"]
    assert listed(client, "worst") == ["3", "2", "1"]
    shown = client.get("/neurons/shown/lists/best/").content.decode()
    assert "said 1 0.9" in shown
    assert "said 1 0.2" not in shown


def test_controls_do_not_make_a_neuron_well_explained(
    client: Client, subject: Subject, scorer: Method
) -> None:
    scored(subject, scorer, 0.1, 1)
    scored(subject, scorer, 0.9, 1, author_kind="control", method=factories.method())
    scored(subject, scorer, 0.3, 2)
    assert listed(client, "best") == ["2", "1"]


def test_equal_scores_stand_by_place(client: Client, subject: Subject, scorer: Method) -> None:
    for index in (5, 1, 3):
        scored(subject, scorer, 0.5, index)
    assert listed(client, "best") == listed(client, "worst") == ["1", "3", "5"]


def test_the_scorer_can_be_chosen(client: Client, subject: Subject, scorer: Method) -> None:
    other = factories.method("scorer", "detection")
    scored(subject, scorer, 0.9, 1)
    scored(subject, scorer, 0.1, 2)
    scored(subject, other, 0.7, 2)
    scored(subject, other, 0.2, 1)
    assert listed(client, "best") == ["1", "2"]
    assert listed(client, "best", f"?by={other.pk}-0") == ["2", "1"]
    assert listed(client, "best", "?by=nonsense") == ["1", "2"]


def test_scores_of_one_scorer_on_two_simulators_are_two_scorers(
    client: Client, subject: Subject, scorer: Method
) -> None:
    neuron = factories.neuron(subject=subject, index=1)
    said = factories.explanation(neuron)
    for name, value in (("lookup", 0.1), ("embedding", 0.8)):
        simulation = factories.simulation(said, method=factories.method("simulator", name))
        Score.objects.create(
            explanation=said, simulation=simulation, method=scorer, value=value, n=9
        )
    shown = client.get("/neurons/shown/lists/best/").content.decode()
    assert "correlation · embedding" in shown
    assert "correlation · lookup" in shown


@pytest.mark.parametrize("which", ["best", "worst", "disputed", "saved"])
def test_an_empty_list_says_so(client: Client, subject: Subject, which: str) -> None:
    assert listed(client, which) == []
    assert 'class="empty"' in client.get(f"/neurons/shown/lists/{which}/").content.decode()


def test_there_are_no_other_lists(client: Client, subject: Subject) -> None:
    assert client.get("/neurons/shown/lists/richest/").status_code == 404


# --- Votes ----------------------------------------------------------------------------------------


def judged_study(votes: list[list[str]], **values: object) -> Study:
    """Make a study of one neuron an item, answered by raters with these votes in turn."""
    study = factories.open_study(neurons=1, overlap=9, **values)
    for each in votes:
        factories.judged(study, each)
    return study


def test_votes_dispute_a_neuron_by_their_pairs_that_differ() -> None:
    # Four votes on one item: plain, fancy, fancy, tie. Of 6 pairs one agrees: 5/6 differ.
    study = judged_study([["plain"], ["fancy"], ["fancy"], ["tie"]])
    (row,) = neurons_disputed(study.neurons.get().subject)
    assert (row.differing, row.pairs, row.judgments, row.synthetic) == (5, 6, 4, 0)


def test_fewer_than_four_votes_and_votes_that_agree_dispute_nothing() -> None:
    few = judged_study([["plain"], ["fancy"], ["tie"]])
    assert neurons_disputed(few.neurons.get().subject) == ()
    agreed = judged_study([["plain"]] * 4)
    assert neurons_disputed(agreed.neurons.get().subject) == ()


def test_the_most_disputed_stand_first_and_programs_votes_are_marked(client: Client) -> None:
    study = factories.open_study(neurons=2, overlap=9)
    for first, second in [("plain", "tie"), ("plain", "fancy"), ("plain", "plain"), ("tie", "tie")]:
        factories.judged(study, [first, second], synthetic=True)
    subject = study.neurons.all()[0].subject
    Subject.objects.update(audience="everyone", name="shown")
    rows = neurons_disputed(subject)
    # 5 of 6 pairs differ on one neuron, 4 of 6 on the other.
    assert [(row.differing, row.pairs) for row in rows] == [(5, 6), (4, 6)]
    shown = client.get("/neurons/shown/lists/disputed/").content.decode()
    assert "Synthetic judgments: 8 of 8" in shown
    assert listed(client, "disputed") == [str(row.ref.index) for row in rows]


def test_a_neuron_with_few_pairs_that_all_differ_is_no_surer_than_it_should_be() -> None:
    few = Disputed(ref=NeuronRef(layer=0, index=0), differing=1, pairs=1, judgments=4, synthetic=0)
    # (1 + 1) / (1 + 2) = .67 against (9 + 1) / (10 + 2) = .83
    assert few.weight < replace(few, differing=9, pairs=10).weight


def test_an_explanations_votes_are_counted_as_won_tied_and_compared() -> None:
    study = judged_study([["plain"], ["plain"], ["fancy"], ["tie"]])
    neuron = study.neurons.get()
    fared = {
        Explanation.objects.get(pk=pk).method.name: preference
        for pk, preference in preferences(neuron.pk).items()
    }
    assert (fared["plain"].wins, fared["plain"].ties, fared["plain"].comparisons) == (2, 1, 4)
    assert (fared["fancy"].wins, fared["fancy"].ties, fared["fancy"].comparisons) == (1, 1, 4)


def test_a_corrected_vote_counts_once() -> None:
    study = judged_study([["plain"]])
    from annotation.models import Judgment

    first = Judgment.objects.get()
    answer = {**first.answer, "choice": "tie"}
    Judgment.objects.create(
        key="00000000-0000-4000-8000-000000000001",
        assignment=first.assignment,
        answer=answer,
        seconds=1.0,
        submitted=first.submitted,
        supersedes=first,
    )
    neuron = study.neurons.get()
    assert {(p.wins, p.ties, p.comparisons) for p in preferences(neuron.pk).values()} == {(0, 1, 1)}
