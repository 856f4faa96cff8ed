"""Made functions of texts do what their descriptions say, and wrong descriptions are wrong."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explanations.ground_truth.concepts import concepts, overlap
from explanations.ground_truth.known import Function
from explanations.ground_truth.made import MOST, FunctionSet, Kind, Made, parse_function_set
from explanations.ground_truth.rules import Text
from explanations.ground_truth.stories import stories
from explanations.ground_truth.texts import DISTURBANCES, FORMS, Disturbance, text_functions
from explanations.records import NeuronRef
from explanations.subjects import SubjectError, load
from explanations.subjects.functions import load_functions

TEXT = (
    'The dog sat near a red house. "Why do you never sing?" asked Anna. She ran over the bridge, '
    "but not to the dog; three cats and a small horse saw her under the apple tree."
)


def made(count: int, seed: int = 7) -> tuple[Made[Function], ...]:
    return text_functions(FunctionSet(kind=Kind.TEXT, count=count, seed=seed))


def split(text: str, seed: int = 7) -> Text:
    return Text(tokens=tuple(re.findall(r"\w+(?:'\w+)*|[^\w\s]", text)), seed=seed)


@pytest.fixture(scope="module")
def texts() -> list[Text]:
    """Return made texts, a tenth of those that a capture of them reads."""
    return [split(text) for _, text in stories(7, 100)]


def values(function: Function, texts: list[Text]) -> np.ndarray:
    return np.concatenate([function.rule(text) for text in texts])


def test_a_seed_gives_the_same_functions_and_more_of_them_begin_with_the_fewer() -> None:
    few, many = made(20), made(60)
    for one, other in zip(few, many, strict=False):
        assert one.function.truth == other.function.truth
        assert one.near_distractor.truth == other.near_distractor.truth
        assert np.array_equal(one.function.rule(split(TEXT)), other.function.rule(split(TEXT)))
    other_seed = made(20, seed=8)
    assert [each.function.truth for each in few] != [each.function.truth for each in other_seed]


def test_every_description_in_a_set_is_another() -> None:
    truths = [each.function.truth for each in made(500)]
    assert len(set(truths)) == 500


def test_nearly_all_functions_fire_on_the_made_texts(texts: list[Text]) -> None:
    fires = [bool((values(each.function, texts) > 0.25).any()) for each in made(100)]
    assert np.mean(fires) > 0.9


def test_wrong_descriptions_follow_the_function_little_or_not_at_all(texts: list[Text]) -> None:
    near, far = [], []
    for each in made(60):
        own = values(each.function, texts)
        for wrong, found in ((each.near_distractor, near), (each.far_distractor, far)):
            other = values(wrong, texts)
            if own.std() and other.std():
                found.append(np.corrcoef(own, other)[0, 1])
        assert (
            len({each.function.truth, each.near_distractor.truth, each.far_distractor.truth}) == 3
        )
    assert max(near) < 0.8
    assert max(far) < 0.5
    assert float(np.mean(far)) < float(np.mean(near)) < 0.2


@pytest.mark.parametrize(
    ("form", "first", "second", "fires"),
    [
        ("plain", "words for animals", None, ["dog", "dog", "cats", "horse"]),
        ("either", "words for colours", "articles", ["The", "a", "red", "the", "the", "a", "the"]),
        ("both", "words for animals", "words of exactly 3 letters", ["dog", "dog"]),
        ("unless", "words for animals", "negations", ["dog", "horse"]),
        ("after", "words for animals", "negations", ["dog", "cats"]),
        ("next", "articles", None, ["dog", "red", "bridge", "dog", "small", "apple"]),
    ],
)
def test_a_form_does_what_it_says(
    form: str, first: str, second: str | None, fires: list[str]
) -> None:
    named = {each.said: each for each in concepts()}
    few = tuple(named[said] for said in (first, second) if said)
    text = split(TEXT)
    found = FORMS[form][1].rule(few)(text)
    assert set(found.tolist()) <= {0.0, 1.0}
    assert [token for token, value in zip(text.tokens, found, strict=True) if value] == fires


def test_interference_is_weaker_than_what_it_disturbs() -> None:
    named = {each.said: each for each in concepts()}
    few = (named["words for animals"], named["articles"])
    found = FORMS["weaker"][1].rule(few)(split("the dog"))
    assert found.tolist() == pytest.approx([0.3, 1.0])


@pytest.mark.parametrize(
    ("said", "text", "expected"),
    [
        ("silent on the first 20", "dog " * 25, [0.0] * 20 + [1.0] * 5),
        ("half the strength between", 'dog "dog" dog', [1.0, 0, 0.5, 0, 1.0]),
    ],
)
def test_a_bias_holds_in_its_region_only(said: str, text: str, expected: list[float]) -> None:
    plain = next(c for c in concepts() if c.said == "words for animals")
    found = disturbance(said)
    assert found.rule(plain.rule, "x")(split(text)).tolist() == pytest.approx(expected)


def test_noise_and_gaps_are_the_same_each_time_and_differ_with_the_seed() -> None:
    plain = next(c for c in concepts() if c.said == "words for animals").rule
    for said in ("normal noise", "at random"):
        rule = disturbance(said).rule(plain, "x")
        first = rule(split("dog " * 300))
        assert np.array_equal(first, rule(split("dog " * 300)))
        assert not np.array_equal(first, rule(split("dog " * 300, seed=8)))
        # of 300 draws: a third silent, standard deviation sqrt(2/9/300) = 0.027; or no mean change
        assert float(first.mean()) == pytest.approx(2 / 3 if said == "at random" else 1, abs=0.11)


def disturbance(said: str) -> Disturbance:
    return next(each for _, each in DISTURBANCES.values() if said in each.said)


@given(st.sampled_from(concepts()), st.sampled_from(concepts()))
@settings(max_examples=50, deadline=None)
def test_overlap_is_a_share_that_does_not_depend_on_the_order(one: object, other: object) -> None:
    assert 0 <= overlap(one, other) == overlap(other, one) <= 1  # type: ignore[arg-type]


def test_a_made_set_is_a_subject() -> None:
    subject = load("functions:text-12@7")
    assert (subject.layers, subject.width) == (1, 12)
    functions = made(12)
    (batch,) = subject.encode([TEXT])
    found = subject.run_layer(batch, 0)[0]
    for place, each in enumerate(functions):
        expected = each.function.rule(split(TEXT))
        assert np.allclose(found[:, place].numpy(), expected)
    truth = load_functions("text-12@7").truth(NeuronRef(layer=0, index=3))
    assert truth == functions[3].function.truth


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("text-0@7", "has 1 to 2000 functions, not 0"),
        (f"text-{MOST + 1}", "has 1 to 2000 functions"),
        ("words-5@7", "text-200@7 is one that is made"),
        ("numeric-5@7", "take no texts.*make_ground_truth --kind numeric --n 5 --seed 7"),
    ],
)
def test_a_set_that_cannot_be_made_is_named(source: str, says: str) -> None:
    with pytest.raises(SubjectError, match=says):
        load(f"functions:{source}")


def test_a_recipe_is_read_from_its_own_name() -> None:
    assert parse_function_set("string-9") == FunctionSet(kind=Kind.STRING, count=9, seed=0)
    assert parse_function_set(FunctionSet(kind=Kind.NUMERIC, count=9, seed=3).name) is not None
    assert (
        parse_function_set("default")
        is parse_function_set("default@7")
        is parse_function_set("text-x")
        is None
    )
