"""Studies of every published design: what is asked, what is behind it, and what is missing."""

from collections import Counter

import pytest

from annotation.protocols import PROTOCOLS
from explanations.models import Explanation, Record, Score
from explanations.records import Split
from studies.models import Study, StudyItem, StudyOption
from studies.presets import PRESETS
from studies.services.building import study_build, study_unbuild
from studies.services.errors import StudyRefused
from tests import factories
from tests.studies.stocked import stocked_study, texts_by_condition

pytestmark = pytest.mark.django_db
NAMES = list(PRESETS)


def built(preset: str, **values: object) -> Study:
    study = stocked_study(preset, **values)  # type: ignore[arg-type]
    study_build(study=study)
    return study


def items_of(study: Study) -> list[StudyItem]:
    found = study.items.select_related("item", "explanation", "condition")
    return list(found.prefetch_related("options__explanation", "options__record").order_by("item"))


# --- All of them ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_preset_says_where_it_comes_from_and_how_it_is_analysed(name: str) -> None:
    preset = PRESETS[name]
    assert preset.protocol in PROTOCOLS
    for text in (preset.title, preset.source, preset.summary, preset.instructions, preset.plan):
        assert text.strip()
    assert preset.task in preset.consent


@pytest.mark.parametrize("name", NAMES)
def test_every_question_of_a_preset_is_one_that_raters_can_be_asked(name: str) -> None:
    study = built(name)
    form = PROTOCOLS[study.design.protocol]
    assert study.batch is not None
    assert study.batch.protocol == study.design.protocol
    items = items_of(study)
    assert items
    for each in items:
        payload = form.read(each.item.payload)
        assert payload.to_json() == each.item.payload
        if each.known is not None:
            assert callable(form.read_gold(payload, each.known))
    assert not study.left_out


@pytest.mark.parametrize("name", NAMES)
def test_each_option_is_linked_to_what_it_shows(name: str) -> None:
    for each in items_of(built(name)):
        shown = each.item.payload.get("options", [])
        behind = sorted(each.options.all(), key=lambda option: option.place)
        assert [option.key for option in behind] == [option["key"] for option in shown]
        for option, seen in zip(behind, shown, strict=True):
            if option.explanation is not None:
                assert seen["text"] == option.explanation.text
            else:
                assert option.record is not None
                said = seen["shown"].get("text") or seen["shown"]["alternative"]
                assert said in ("".join(option.record.tokens), _output(option))


def _output(option: StudyOption) -> str:
    assert option.record is not None
    return f"{option.record.excerpt.activations[0]:g}"


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_freezes_the_same_questions(name: str) -> None:
    study = built(name, repeats=20)
    before = [each.item.payload for each in items_of(study)]
    study_unbuild(study=study)
    study_build(study=study)
    assert [each.item.payload for each in items_of(study)] == before


@pytest.mark.parametrize(
    "name", [n for n in NAMES if PRESETS[n].needs.explanations_per_question == "one"]
)
def test_a_question_about_one_explanation_is_asked_of_each_condition_and_neuron(name: str) -> None:
    study = built(name)
    texts = texts_by_condition(study)
    asked = Counter[str]()
    for each in items_of(study):
        assert each.condition is not None
        assert each.explanation is not None
        assert each.explanation.text in texts[each.condition.name]
        asked[each.condition.name] += 1
    assert asked == dict.fromkeys(texts, 9)


@pytest.mark.parametrize("name", NAMES)
def test_a_repeat_asks_the_same_again_under_other_keys(name: str) -> None:
    study = built(name, repeats=50)
    repeats = [each for each in items_of(study) if each.role == StudyItem.Role.REPEAT]
    assert repeats
    for each in repeats:
        assert each.item.repeats_id is not None
        first = StudyItem.objects.get(item=each.item.repeats_id)
        assert first.role == StudyItem.Role.MAIN
        assert first.item.position < each.item.position
        assert first.neuron_id == each.neuron_id
        keys = [{o.key for o in of.options.all()} for of in (first, each)]
        assert not keys[0] & keys[1]
        behind = [{(o.explanation_id, o.record_id) for o in x.options.all()} for x in (first, each)]
        assert behind[0] == behind[1]


# --- Single ones ----------------------------------------------------------------------------------


def test_of_more_than_five_conditions_each_question_of_bills_holds_a_balanced_five() -> None:
    study = built("bills-2023-rank", names=tuple("abcdefg"), neurons=14)
    together = Counter(option.condition_id for option in StudyOption.objects.all())
    assert set(together.values()) == {10}
    assert {each.options.count() for each in items_of(study)} == {5}


def test_the_rubric_of_bricken_gives_up_to_fourteen_points() -> None:
    [first, *_] = items_of(built("bricken-2023"))
    highest = [d["points"][-1]["value"] for d in first.item.payload["dimensions"]]
    assert highest == [3, 5, 3, 3]


def test_the_right_text_of_a_forced_choice_is_held_out_and_excites_the_neuron() -> None:
    for each in items_of(built("zimmermann-2021")):
        assert each.known is not None
        by_key = {option.key: option.record for option in each.options.all()}
        right = by_key.pop(each.known["choice"])
        [wrong] = by_key.values()
        assert right is not None
        assert wrong is not None
        assert right.document.split == wrong.document.split == Split.SCORE
        assert right.peak > 5 > 1 > wrong.peak


def test_a_catch_trial_of_a_forced_choice_offers_a_text_that_stands_among_the_examples() -> None:
    study = built("zimmermann-2021", catches=30)
    catches = [each for each in items_of(study) if each.role == StudyItem.Role.CATCH]
    assert len(catches) == 3
    for each in catches:
        strong = each.item.payload["groups"][0]["excerpts"]
        examples = {"".join(excerpt["tokens"]).strip() for excerpt in strong}
        options = {
            option["key"]: option["shown"]["text"] for option in each.item.payload["options"]
        }
        assert each.known is not None
        assert options[each.known["choice"]] in examples


def test_a_catch_trial_of_a_comparison_offers_the_truth_beside_anothers() -> None:
    study = built("pairwise", catches=20)
    catches = [each for each in items_of(study) if each.role == StudyItem.Role.CATCH]
    assert catches
    for each in catches:
        assert each.known is not None
        right = each.options.get(key=each.known["choice"])
        wrong = each.options.exclude(key=each.known["choice"]).get()
        assert right.explanation is not None
        assert wrong.explanation is not None
        assert right.explanation.neuron_id == each.neuron_id != wrong.explanation.neuron_id
        assert right.condition is wrong.condition is None


def test_catch_trials_without_known_truth_are_refused() -> None:
    study = stocked_study("pairwise", catches=10)
    Explanation.objects.filter(method__name="ground_truth").delete()
    with pytest.raises(StudyRefused, match="No catch trial can be made"):
        study_build(study=study)


def test_an_intruder_is_of_another_neuron() -> None:
    for each in items_of(built("intruder")):
        assert each.known is not None
        for option in each.options.all():
            assert option.record is not None
            is_own = option.record.neuron_id == each.neuron_id
            assert is_own == (option.key != each.known["choice"])


def test_one_of_eight_descriptions_is_true_of_the_neuron() -> None:
    for each in items_of(built("casper-2023")):
        assert each.known is not None
        options = list(each.options.all())
        assert len(options) == 8
        right = next(option for option in options if option.key == each.known["choice"])
        assert right.explanation is not None
        assert right.explanation.neuron_id == each.neuron_id


def test_the_right_output_is_that_of_the_input_shown() -> None:
    # The function is 3 x + index.
    for each in items_of(built("find-2023")):
        given = each.item.payload["groups"][1]["excerpts"][0]["text"]
        options = {
            option["key"]: option["shown"]["text"] for option in each.item.payload["options"]
        }
        assert each.known is not None
        index = Record.objects.get(pk=each.records[0]).neuron.index
        assert float(options[each.known["choice"]]) == 3 * float(given) + index


def test_what_people_simulate_and_detect_is_held_out_and_shows_no_activation() -> None:
    for name in ("human-simulation", "detection"):
        for each in items_of(built(name)):
            records = Record.objects.filter(pk__in=each.records).select_related("document")
            assert {record.document.split for record in records} == {Split.SCORE}
            assert "values" not in str(each.item.payload)


# --- What is missing ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("casper-2023", "without a known true description, or without 7 of other neurons"),
        ("intervention", "without intervention texts"),
        ("zimmermann-2021", "without a record with little activation"),
        ("detection", "without 4 records with little activation, held out"),
        ("bills-2023-rank", "without a record kept at random"),
        ("bricken-2023", "without an explanation by “fancy”"),
    ],
)
def test_what_a_neuron_lacks_is_said(name: str, missing: str) -> None:
    study = stocked_study(name)
    Explanation.objects.filter(method__name__in=["ground_truth", "fancy"]).delete()
    Score.objects.all().delete()
    Record.objects.filter(peak__lt=1).delete()
    if name != "bricken-2023":
        study.conditions.filter(name="fancy").delete()
    with pytest.raises(StudyRefused, match=missing):
        study_build(study=study)


def test_only_functions_can_have_outputs_predicted() -> None:
    study = stocked_study("find-2023")
    study.neurons.set([factories.neuron_with_records()])
    with pytest.raises(StudyRefused, match="without"):
        study_build(study=study)


def test_images_described_by_numbers_are_no_functions() -> None:
    study = stocked_study("find-2023")
    study.neurons.update(subject=factories.subject())
    with pytest.raises(StudyRefused, match="whose records are not inputs and outputs"):
        study_build(study=study)


def test_a_design_that_shows_explanations_wants_a_condition() -> None:
    study = stocked_study("yes-maybe-no")
    study.conditions.all().delete()
    with pytest.raises(StudyRefused, match="at least 1 condition: add one"):
        study_build(study=study)
