"""The contrastive explainer shows texts that look alike, and only those that leave it silent."""

import pytest

from explanations.explainers import EXPLAINERS, Want
from explanations.explainers.contrastive import SILENT
from explanations.explainers.tfidf import most_similar
from explanations.methods.requests import ComputeActivations, Generate, Need
from explanations.methods.values import SHOWN, Unusable
from tests.explanations.explaining import (
    Model,
    explained,
    failed,
    function,
    material,
    nobody,
    record,
)

pytest.importorskip("torch")

DOGS = record("The big dog ran home", dog=1)
COWS = record("Two brown cows ran home", cows=0.8)
ALIKE = (("The", " big", " man", " ran", " home"), ("A", " big", " cat", " ran", " home"))


def test_a_text_on_which_the_neuron_fires_is_not_shown_as_silent() -> None:
    model = Model("words for animals")
    seen = material(DOGS, COWS, negatives=ALIKE)
    outcome = explained(
        "contrastive", seen, {Generate: model, ComputeActivations: function("words for animals")}
    )
    (asked,) = model.prompts
    alike = asked.partition(SILENT)[2]
    assert "- The big man ran home" in alike
    assert "cat" not in alike
    assert outcome.details["negatives"] == {"neighbours": 1, "own": 0, "fired": 1, "unseen": ""}


def test_the_neighbours_texts_that_were_shown_are_kept_as_the_subject_cuts_them() -> None:
    replies = {Generate: Model("animals"), ComputeActivations: function("words for animals")}
    outcome = explained("contrastive", material(DOGS, negatives=ALIKE), replies)
    assert outcome.details[SHOWN] == [["The", " big", " man", " ran", " home"]]


def test_firing_below_a_tenth_of_the_maximum_counts_as_silence() -> None:
    # maximum 1; on `nobody fires` the reply peaks at .09, then at .1, which is no longer silent
    levels = iter([0.09, 0.1])
    model = Model("animals")
    outcome = explained(
        "contrastive",
        material(DOGS, negatives=ALIKE),
        {
            Generate: model,
            ComputeActivations: lambda asked: tuple(
                record(each, big=next(levels)) for each in asked.parts
            ),
        },
    )
    assert outcome.details["negatives"]["fired"] == 1
    assert "man" in model.prompts[0]
    assert "cat" not in model.prompts[0]


def test_without_a_subject_the_neurons_own_silent_records_that_look_most_alike_are_shown() -> None:
    model = Model("animals")
    sea = record("Deep under the sea it was dark")
    man = record("The big man ran home", man=0.05)
    seen = material(DOGS, COWS, sea, man, negatives=ALIKE)
    outcome = explained(
        "contrastive", seen, {Generate: model, ComputeActivations: nobody}, records=2, negatives=1
    )
    assert model.prompts[0].partition(SILENT)[2].strip().startswith("- The big man ran home")
    assert "sea" not in model.prompts[0]
    assert outcome.details["negatives"] == {
        "neighbours": 0,
        "own": 1,
        "fired": 0,
        "unseen": "no subject is at hand",
    }
    # the two highest and the silent one, which is the fourth
    assert outcome.used == (0, 1, 3)
    assert outcome.rests_on("abcd") == ("a", "b", "d")


def test_without_neighbours_no_subject_is_asked_for() -> None:
    seen = material(DOGS, record("It was dark"))
    outcome = explained("contrastive", seen, {Generate: Model("animals")}, records=1)
    assert outcome.details["negatives"]["own"] == 1
    assert outcome.details[SHOWN] == []


def test_own_silent_records_fill_up_where_neighbours_texts_are_too_few() -> None:
    replies = {Generate: Model("animals"), ComputeActivations: function("words for animals")}
    seen = material(DOGS, record("It was dark"), negatives=ALIKE[:1])
    outcome = explained("contrastive", seen, replies, records=1)
    counts = outcome.details["negatives"]
    assert (counts["neighbours"], counts["own"]) == (1, 1)


def test_without_any_silent_text_there_is_nothing_to_contrast_with() -> None:
    replies = {ComputeActivations: function("words for animals")}
    outcome = failed("contrastive", material(DOGS, negatives=ALIKE[1:]), replies)
    assert outcome == Unusable(reason="no text is known that leaves the neuron silent")


def test_a_dead_neuron_costs_nothing() -> None:
    outcome = failed("contrastive", material(record("It was dark"), negatives=ALIKE), {})
    assert outcome.reason == "the neuron never fires in its whole capture"


def test_a_refusal_is_a_failure_that_keeps_what_was_said() -> None:
    seen = material(DOGS, record("It was dark"))
    said = "I'm sorry, but I can't."
    outcome = failed("contrastive", seen, {Generate: Model(said)}, records=1)
    assert outcome == Unusable(reason="the model declined to explain", raw=said)


def test_a_silent_text_stands_on_one_line() -> None:
    model = Model("animals")
    seen = material(DOGS, record("It was\ndark"))
    explained("contrastive", seen, {Generate: model}, records=1)
    assert "- It was\\ndark\n" in model.prompts[0]


def test_it_asks_for_a_model_a_subject_and_negatives() -> None:
    explainer = EXPLAINERS["contrastive"]
    assert explainer.needs == {Need.MODEL, Need.SUBJECT}
    assert explainer.wants == {Want.NEGATIVES}


def test_texts_are_alike_by_their_rare_words_not_by_marks_or_common_ones() -> None:
    # "the" is in all three and weighs log(4/3)^2 = .08; a word of one text weighs log(4)^2 = 1.92
    texts = [["the sea , ."], ["the dog barks"], ["the", " dog"]]
    assert most_similar(texts, ["The dog sleeps , ."]) == [2, 1, 0]


def test_texts_that_are_equally_alike_keep_their_order() -> None:
    assert most_similar([["a"], [""], ["b"]], ["c"]) == [0, 1, 2]
    assert most_similar([], ["c"]) == []
