"""Building a study: what is frozen, what is left out, what is refused."""

import pytest
from django.db import transaction
from django.utils import timezone

from annotation.models import Batch, Item
from explanations.models import Explanation, Record
from explanations.records import Split
from studies.models import Condition, Study, StudyItem, StudyOption
from studies.services.building import study_build, study_unbuild
from studies.services.errors import StudyRefused
from studies.services.lifecycle import study_close, study_open
from studies.services.neurons import neurons_add_explained, neurons_remove
from tests import factories

pytestmark = pytest.mark.django_db


def test_building_freezes_one_item_for_each_pair_and_neuron() -> None:
    study = factories.study(neurons=3, conditions=("a", "b", "c"), scores=(0.1, 0.2, 0.3))
    built = study_build(study=study)
    assert (built.items, built.neurons, built.judgments) == (9, 3, 27)
    assert study.state == Study.State.BUILT
    assert study.batch is not None
    assert study.batch.state == Batch.State.DRAFT
    assert [item.overlap for item in study.batch.items.all()] == [3] * 9


def test_each_option_is_linked_to_the_explanation_whose_text_it_shows() -> None:
    factories.open_study(neurons=3)
    for link in StudyItem.objects.select_related("item"):
        shown = {option["key"]: option["text"] for option in link.item.payload["options"]}
        behind = {option.key: option.explanation.text for option in link.options.all()}
        assert shown == behind
        places = {option.key: option.place for option in link.options.all()}
        assert sorted(places, key=places.__getitem__) == list(shown)


def test_excerpts_show_records_of_the_explain_split_only() -> None:
    factories.open_study(neurons=2, excerpts=9)
    held_out = {
        tuple(record.tokens) for record in Record.objects.filter(document__split=Split.SCORE)
    }
    shown = {
        tuple(excerpt["tokens"])
        for item in Item.objects.all()
        for excerpt in item.payload["excerpts"]
    }
    assert shown
    assert not shown & held_out


def test_levels_are_against_the_neurons_own_maximum() -> None:
    # The factory's neuron has a maximum of 10 and a peak of 9: level 9.
    study = factories.open_study(neurons=1)
    [item] = study.items.all()
    assert max(item.item.payload["excerpts"][0]["levels"]) == 9


def test_the_same_seed_freezes_the_same_payloads() -> None:
    study = factories.study(neurons=5)
    study_build(study=study)
    before = [item.payload for item in study.batch.items.all()]  # type: ignore[union-attr]
    study_unbuild(study=study)
    study_build(study=study)
    assert [item.payload for item in study.batch.items.all()] == before  # type: ignore[union-attr]


def test_what_is_left_out_is_counted_with_its_reason() -> None:
    study = factories.study(neurons=3)
    first, second, _ = study.neurons.order_by("pk")
    Explanation.objects.filter(neuron=first, method__name="fancy").delete()
    Explanation.objects.filter(neuron=second).update(text="the same")
    built = study_build(study=study)
    assert built.items == 1
    assert {(each.reason, each.n) for each in built.left_out} == {
        ("neuron without an explanation by “fancy”", 1),
        ("pair of identical explanations", 1),
    }
    study.refresh_from_db()
    assert [each["n"] for each in study.left_out] == [1, 1]


def test_a_study_of_fewer_than_two_conditions_is_refused() -> None:
    study = factories.study(conditions=("only",), scores=(0.5,))
    with pytest.raises(StudyRefused, match="at least 2 conditions"):
        study_build(study=study)
    assert not Batch.objects.exists()


def test_a_study_without_neurons_is_refused() -> None:
    with pytest.raises(StudyRefused, match="has no neurons"):
        study_build(study=factories.study(neurons=0))


def test_a_study_of_which_nothing_is_left_is_refused_with_the_reasons() -> None:
    study = factories.study(neurons=2)
    study.neurons.update(maximum=0)
    with pytest.raises(StudyRefused, match="2 neurons without any activation"):
        study_build(study=study)
    assert study.state == Study.State.DRAFT


def test_a_study_is_built_once() -> None:
    study = factories.open_study()
    with pytest.raises(StudyRefused, match="only a draft"):
        study_build(study=study)


def test_a_condition_without_a_method_takes_what_people_wrote() -> None:
    study = factories.study(neurons=2)
    Condition.objects.create(study=study, name="people")
    for neuron in study.neurons.all():
        factories.explanation(neuron, f"people say {neuron.pk}")
    study_build(study=study)
    behind = StudyOption.objects.filter(condition__name="people")
    assert {option.explanation.method for option in behind} == {None}
    assert study.items.count() == 6


def test_a_built_study_becomes_a_draft_again_until_it_was_open() -> None:
    study = factories.study()
    study_build(study=study)
    study_unbuild(study=study)
    assert (study.state, study.batch, Batch.objects.count(), StudyItem.objects.count()) == (
        Study.State.DRAFT,
        None,
        0,
        0,
    )
    study_build(study=study)
    study_open(study=study)
    with pytest.raises(StudyRefused, match="never opened"):
        study_unbuild(study=study)


def test_a_study_closed_before_anybody_came_is_still_no_draft() -> None:
    study = factories.open_study()
    study_close(study=study, at=timezone.now())
    with pytest.raises(StudyRefused, match="never opened"):
        study_unbuild(study=study)


def test_only_a_built_or_closed_study_can_be_opened() -> None:
    study = factories.study()
    with pytest.raises(StudyRefused, match="Build it first"):
        study_open(study=study)
    study_build(study=study)
    study_open(study=study)
    study_close(study=study, at=timezone.now())
    study_open(study=study)
    assert Batch.objects.get().state == Batch.State.OPEN


def test_closing_turns_raters_away_and_asks_for_the_last_analysis() -> None:
    study = factories.open_study()
    study_close(study=study, at=timezone.now())
    assert Batch.objects.get().state == Batch.State.CLOSED
    assert study.analysis.state == "open"


def test_neurons_that_every_condition_explains_are_added_or_a_seeded_sample_of_them() -> None:
    study = factories.study(neurons=6)
    study.neurons.clear()
    factories.neuron_with_records()
    with transaction.atomic():
        assert neurons_add_explained(study=study, at_most=4) == 4
        sample = set(study.neurons.values_list("pk", flat=True))
        neurons_remove(study=study)
        neurons_add_explained(study=study, at_most=4)
        assert set(study.neurons.values_list("pk", flat=True)) == sample
    assert neurons_add_explained(study=study) == 2


def test_the_neurons_of_a_built_study_are_fixed() -> None:
    study = factories.open_study()
    with pytest.raises(StudyRefused, match="can no longer be changed"):
        neurons_remove(study=study)
