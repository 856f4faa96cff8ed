"""Made functions of numbers and strings are what their descriptions and programs say."""

import numpy as np
import pytest

from explanations import sandbox
from explanations.ground_truth import numeric, sets, strings
from explanations.ground_truth.made import FunctionSet, Kind
from explanations.ground_truth.numeric import numeric_functions
from explanations.ground_truth.pairs import ARROW, Pair, pair_of, written
from explanations.ground_truth.strings import string_functions
from explanations.methods.values import Unusable
from explanations.records import Scale, TokenActivations

NUMERIC = FunctionSet(kind=Kind.NUMERIC, count=60, seed=7)
STRING = FunctionSet(kind=Kind.STRING, count=60, seed=7)


@pytest.mark.parametrize("function_set", [NUMERIC, STRING])
def test_a_seed_gives_the_same_functions_with_descriptions_of_their_own(
    function_set: FunctionSet,
) -> None:
    said = sets.descriptions(function_set)
    sets.functions.cache_clear()
    assert sets.descriptions(function_set) == said
    assert len({each.truth for each in said}) == 60
    few = FunctionSet(kind=function_set.kind, count=10, seed=7)
    assert sets.descriptions(few) == said[:10]
    assert sets.pairs(few, 3) == sets.pairs(function_set, 3)
    other = FunctionSet(kind=function_set.kind, count=10, seed=8)
    assert sets.descriptions(other) != said[:10]


def test_programs_give_what_functions_give_where_there_is_no_noise() -> None:
    for function_set in (NUMERIC, STRING):
        for place, made in enumerate(sets.functions(function_set)[:12]):
            if "noise" in made.function.truth or "at random" in made.function.truth:
                continue
            pairs = sets.pairs(function_set, place)[:20]
            ran = sandbox.run(made.function.program, [pair.given for pair in pairs])
            assert isinstance(ran, sandbox.Ran)
            for pair, outcome in zip(pairs, ran.outcomes, strict=True):
                assert isinstance(outcome, sandbox.Returned)
                expected = pair.output
                if isinstance(expected, float):
                    expected = pytest.approx(expected, abs=1e-3)
                assert outcome.value == expected, made.function.truth


def test_the_kinds_of_disturbance_all_occur_and_do_what_they_say() -> None:
    said = [made.function.truth for made in numeric_functions(NUMERIC)]
    parts = ("Normal noise", "it is 0 for", "higher for x")
    assert all(any(part in each for each in said) for part in parts)
    for made in numeric_functions(NUMERIC):
        if "it is 0 for x between" in made.function.truth:
            low = int(made.function.truth.split("between ")[-1].split(" and")[0])
            assert [made.function.call(low + step) for step in range(5)] == [0.0] * 5


def test_noise_has_the_stated_spread() -> None:
    few = [m for m in numeric_functions(NUMERIC) if "Normal noise" in m.function.truth]
    assert few
    for made in few:
        size = float(made.function.truth.split("standard deviation ")[1].split(" is added")[0])
        given = numeric.numeric_inputs(1, 300)
        ran = sandbox.run(made.function.program, given)
        assert isinstance(ran, sandbox.Ran)
        plain = [each.value for each in ran.outcomes if isinstance(each, sandbox.Returned)]
        noise = [made.function.call(x) - y for x, y in zip(given, plain, strict=True)]
        # of 300 draws: the standard error of the deviation is size / sqrt(600) = 0.04 of it
        assert float(np.std(noise)) == pytest.approx(size, rel=0.2)


def test_string_noise_changes_one_character_of_about_a_tenth() -> None:
    made = next(m for m in string_functions(STRING) if "at random" in m.function.truth)
    texts = strings.string_inputs(3, 300)
    ran = sandbox.run(made.function.program, texts)
    assert isinstance(ran, sandbox.Ran)
    right = [each.value for each in ran.outcomes if isinstance(each, sandbox.Returned)]
    wrong = [
        sum(a != b for a, b in zip(made.function.call(text), plain, strict=True))
        for text, plain in zip(texts, right, strict=True)
        if made.function.call(text) != plain
    ]
    assert set(wrong) == {1}
    # 30 expected of 300; the standard deviation is sqrt(300 * .1 * .9) = 5.2
    assert len(wrong) == pytest.approx(30, abs=20)


def test_wrong_descriptions_are_wrong_of_much() -> None:
    for made in numeric_functions(NUMERIC):
        assert numeric.unlike(made.far_distractor.call, made.function.call) > 0.5
        assert made.near_distractor.truth != made.function.truth
    near = [
        numeric.unlike(m.near_distractor.call, m.function.call) for m in numeric_functions(NUMERIC)
    ]
    assert float(np.median(near)) > 0.5
    for made in string_functions(STRING):
        assert strings.unlike(made.far_distractor.call, made.function.call) > 0.6
        assert strings.unlike(made.near_distractor.call, made.function.call) > 0.25


@pytest.mark.parametrize("function_set", [NUMERIC, STRING])
def test_inputs_are_many_different_and_the_same_for_all_functions(
    function_set: FunctionSet,
) -> None:
    given = [written(each) for each in sets.inputs(function_set)]
    assert len(set(given)) == len(given) == sets.INPUTS
    assert [pair.given for pair in sets.pairs(function_set, 5)] == list(sets.inputs(function_set))


@pytest.mark.parametrize(
    "pair", [Pair(given=-2.5, output=7.25), Pair(given="a cat", output="tac a")]
)
def test_a_record_gives_its_pair_back(pair: Pair) -> None:
    assert pair_of(pair.excerpt) == pair


def test_a_string_has_no_scalar_but_its_output_is_marked() -> None:
    excerpt = Pair(given="cat", output="tac").excerpt
    assert excerpt.tokens == ("cat", ARROW, "tac")
    assert excerpt.activations.tolist() == [0, 0, 1]


def test_a_record_of_a_text_is_no_pair() -> None:
    for tokens in (("word",), ("a", " b", " c"), ("1", "2"), ("nan",)):
        values = np.zeros(len(tokens), np.float32)
        excerpt = TokenActivations(tokens=tokens, activations=values, scale=Scale.RAW)
        assert pair_of(excerpt) is None


def test_any_input_can_be_tried() -> None:
    call = sets.functions(NUMERIC)[0].function.call
    found = sets.observe(NUMERIC, 0, "2.5")
    assert isinstance(found, TokenActivations)
    assert pair_of(found) == Pair(given=2.5, output=float(np.float32(call(2.5))))
    string = sets.observe(STRING, 0, "cat")
    assert isinstance(string, TokenActivations)
    assert string.tokens[2] == sets.functions(STRING)[0].function.call("cat")


@pytest.mark.parametrize(
    ("function_set", "text", "says"),
    [
        (NUMERIC, "two", "takes a number"),
        (NUMERIC, "inf", "takes a number"),
        (NUMERIC, "1e300", "too large"),
        (STRING, "", "1 to 200 characters"),
        (STRING, "x" * 201, "1 to 200 characters"),
    ],
)
def test_an_input_without_an_output_has_a_reason(
    function_set: FunctionSet, text: str, says: str
) -> None:
    found = [sets.observe(function_set, index, text) for index in range(40)]
    reasons = [each.reason for each in found if isinstance(each, Unusable)]
    assert reasons
    assert all(says in reason for reason in reasons)
