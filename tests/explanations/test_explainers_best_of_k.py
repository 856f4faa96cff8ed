"""Of several candidates the one wins from which the select split is predicted best."""

import pytest

from explanations.explainers import EXPLAINERS, Want
from explanations.methods.requests import Generate, Need
from explanations.methods.values import Material, Unusable
from tests.explanations.explaining import Model, attempt, explained, failed, material, record

LOOKUP = {"simulator": "token_lookup", "k": 3, "records": 2}
FISH = 'the word "fish"'
CHOOSING = (record("Her fish swam off", fish=9), record("A stone fell"))


def seen(records: int = 6, **values: object) -> Material:
    animals = ("cat", "dog", "cow", "fish", "pig", "hen")
    excerpts = (record(f"One {a} ate", **{a: 9 - n}) for n, a in enumerate(animals[:records]))
    return material(*excerpts, **{"choosing": CHOOSING, **values})


def test_the_candidate_with_the_highest_score_on_the_select_split_wins() -> None:
    # Actual 0 9 0 0 | 0 0 0: "fish" is simulated on just that token, "stone" on another.
    model = Model('the word "stone"', 'the word "fish"', 'the word "swam"')
    outcome = explained("best_of_k", seen(), {Generate: model}, **LOOKUP)
    assert outcome.text == 'the word "fish"'
    kept = outcome.details["candidates"]
    assert [each["text"] for each in kept] == [
        'the word "stone"',
        'the word "fish"',
        'the word "swam"',
    ]
    assert kept[1]["score"] == pytest.approx(1.0)
    # one spike on another of 7 tokens: -1/6
    assert kept[0]["score"] == pytest.approx(-1 / 6)
    assert [each["tokens"] for each in kept] == [7, 7, 7]
    assert outcome.details["simulator"] == "token_lookup"


def test_nothing_of_the_select_split_is_in_a_prompt() -> None:
    model = Model(FISH)
    explained("best_of_k", seen(), {Generate: model}, **LOOKUP | {"k": 5})
    assert len(model.prompts) == 5
    assert not any(word in asked for asked in model.prompts for word in ("swam", "stone", "fell"))


def test_the_first_candidate_is_cold_and_from_the_highest_the_others_vary() -> None:
    asked: list[Generate] = []
    model = Model(FISH)

    def answering(request: Generate) -> object:
        asked.append(request)
        return model(request)

    explained("best_of_k", seen(), {Generate: answering}, **LOOKUP | {"k": 6})
    temperatures = [prompt.temperature for prompt in asked[0].parts]
    assert temperatures == [0.0, *[0.8] * 5]
    assert "cat\t10" in model.prompts[0]
    assert "dog\t8" in model.prompts[0]
    assert len(set(model.prompts)) > 2


def test_the_same_seed_draws_the_same_candidates_and_another_seed_others() -> None:
    def prompts(seed: int) -> list[str]:
        model = Model(FISH)
        explained("best_of_k", seen(), {Generate: model}, seed, **LOOKUP | {"k": 6})
        return model.prompts

    assert prompts(1) == prompts(1)
    assert any(prompts(1) != prompts(seed) for seed in (2, 3))


def test_all_that_any_candidate_was_shown_counts_as_seen() -> None:
    outcome = explained("best_of_k", seen(), {Generate: Model(FISH)}, **LOOKUP | {"k": 40})
    assert list(outcome.used or ()) == [0, 1, 2, 3, 4, 5]


def test_candidates_that_say_the_same_are_simulated_once() -> None:
    outcome = explained("best_of_k", seen(), {Generate: Model(FISH)}, **LOOKUP)
    assert len(outcome.details["candidates"]) == 1


def test_a_candidate_that_failed_is_kept_with_its_reason_and_cannot_win() -> None:
    model = Model("", Unusable(reason="a timeout"), 'the word "fish"')
    outcome = explained("best_of_k", seen(), {Generate: model}, **LOOKUP)
    assert outcome.text == 'the word "fish"'
    reasons = [each["reason"] for each in outcome.details["candidates"]]
    assert reasons == ["the answer contains no explanation", "a timeout", ""]
    assert outcome.details["candidates"][0]["score"] is None


def test_where_all_candidates_fail_so_does_the_explanation() -> None:
    model = Model(Unusable(reason="a timeout", raw="half of it"))
    outcome = failed("best_of_k", seen(), {Generate: model}, **LOOKUP)
    assert outcome == Unusable(reason="no candidate has a score: a timeout", raw="half of it")


def test_a_candidate_from_which_nothing_is_predicted_has_no_score() -> None:
    outcome = failed("best_of_k", seen(), {Generate: Model('the word "zebra"')}, **LOOKUP)
    assert (
        outcome.reason
        == "no candidate has a score: the simulated or the actual activations are constant"
    )


@pytest.mark.parametrize("choosing", [(), (record("A stone fell"),)])
def test_without_firing_on_the_select_split_nothing_is_asked(choosing: tuple) -> None:
    outcome = failed("best_of_k", seen(choosing=choosing), {}, **LOOKUP)
    assert outcome.reason == "the neuron fires on no record of the select split"


def test_an_unknown_simulator_is_named_with_those_that_there_are() -> None:
    outcome = failed("best_of_k", seen(), {}, simulator="oracle")
    assert outcome.reason.startswith("no simulator is called 'oracle'")
    assert "token_lookup" in outcome.reason


def test_the_best_of_none_is_refused_before_anything_is_asked() -> None:
    assert failed("best_of_k", seen(), {}, **LOOKUP | {"k": 0}).reason.startswith(
        "k must be 1 or more"
    )


def test_the_simulators_own_settings_are_passed_on() -> None:
    config = LOOKUP | {"simulator_config": {"first": 0.0, "last": 0.0}}
    outcome = failed("best_of_k", seen(), {Generate: Model(FISH)}, **config)
    assert "constant" in outcome.reason


def test_few_records_are_enough() -> None:
    outcome = attempt("best_of_k", seen(1), {Generate: Model(FISH)}, **LOOKUP)
    assert not isinstance(outcome, Unusable)
    assert list(outcome.used or ()) == [0]


def test_it_asks_for_a_model_and_for_records_to_choose_by() -> None:
    explainer = EXPLAINERS["best_of_k"]
    assert explainer.needs == {Need.MODEL}
    assert explainer.wants == {Want.CHOOSING}
