"""Functions with known truth do what their truths say, and are subjects like any other."""

from collections.abc import Callable

import pytest
import torch

from explanations.records import NeuronRef
from explanations.subjects import SubjectError, TextFunctions, load
from explanations.subjects.functions import load_functions
from tests.conftest import ROOT

TEXT = (
    'Sam said, "Look at the red dog!" Don\'t run after 12 dogs. A green frog was sitting and '
    "looking. Do you know where you can see Anna? Anna's mother, a famous singer, was looking."
)


@pytest.fixture(scope="module")
def functions() -> TextFunctions:
    """Return the shipped set."""
    return load_functions("default")


def values(subject: TextFunctions, truth: str, text: str = TEXT) -> list[tuple[str, float]]:
    """Return the tokens that the function of a given truth is not 0 on, with its values."""
    index = next(i for i in range(subject.width) if subject.functions[i].truth.startswith(truth))
    (batch,) = subject.encode([text])
    own = subject.run_layer(batch, 0)[0, :, index].tolist()
    pieces = [piece.strip() for piece in batch.pieces[0]]
    return [(piece, round(x, 4)) for piece, x in zip(pieces, own, strict=True) if x]


def fires(subject: TextFunctions, truth: str, text: str = TEXT) -> list[str]:
    """Return the tokens that a function is 1 on, where it is 0 on all others."""
    found = values(subject, truth, text)
    assert {value for _, value in found} <= {1.0}
    return [token for token, _ in found]


@pytest.mark.parametrize(
    ("truth", "text", "tokens"),
    [
        ("the word \u201cshe\u201d", "She ran. Then she sat with Shelly.", ["She", "she"]),
        ("words for animals", TEXT, ["dog", "dogs", "frog"]),
        ("words for colours", TEXT, ["red", "green"]),
        ("words for members of a family", TEXT, ["mother"]),
        ("words that end in", "The king is sitting and singing.", ["sitting", "singing"]),
        (
            "words with a double letter",
            TEXT,
            ["Look", "green", "sitting", "looking", "see", "Anna", "Anna's", "looking"],
        ),
        ("numbers written in digits", TEXT + " 7 or twelve", ["12", "7"]),
        ("capitalised words", "Then Ben saw New York. Then it rained", ["Ben", "New", "York"]),
        ("the first word of", TEXT, ["Sam", "Don't", "A", "Do", "Anna's"]),
        ("the word or mark right after", TEXT + " The end", ["red", "end"]),
        ("words and marks between", TEXT, ["Look", "at", "the", "red", "dog", "!"]),
        ("words and marks between", "\u201cYes,\u201d he said", ["Yes", ","]),
        ("words of five letters or more", TEXT, ["looking"]),
        ("words for animals, but not", "no dog, not one two three four five cat", ["cat"]),
        ("\u201cyou\u201d within five", TEXT, ["you"]),
        ("words for colours and, equally", "blue rain in a red house", ["blue", "rain", "red"]),
    ],
)
def test_a_function_fires_where_its_truth_says(
    functions: TextFunctions, truth: str, text: str, tokens: list[str]
) -> None:
    assert fires(functions, truth, text) == tokens


def test_graded_functions_grow_as_they_say(functions: TextFunctions) -> None:
    place = values(functions, "words, stronger the later", "One two, three. Four")
    assert place == [("One", 0.05), ("two", 0.1), ("three", 0.15), ("Four", 0.05)]
    long = values(functions, "words, stronger the longer", "a tiny house, extraordinarily 123456")
    assert long == [("house", 0.1), ("extraordinarily", 1.0)]


def test_interference_is_weaker_than_what_it_disturbs(functions: TextFunctions) -> None:
    found = values(functions, "words for food and, at 0.3", "Mother made a cake for father")
    assert found == [("Mother", 0.3), ("cake", 1.0), ("father", 0.3)]


def test_noise_has_the_stated_spread_and_is_the_same_each_time(functions: TextFunctions) -> None:
    text = "plain words " * 2000
    index = next(i for i, f in enumerate(functions.functions) if "normal noise" in f.truth)

    def noise(subject: TextFunctions) -> torch.Tensor:
        (batch,) = subject.encode([text])
        return subject.run_layer(batch, 0)[0, :, index]

    first = noise(functions)
    # 4,000 draws: the standard error of the deviation is 0.1 / sqrt(8000) = 0.0011
    assert float(first.std()) == pytest.approx(0.1, abs=0.005)
    assert float(first.mean()) == pytest.approx(0.0, abs=0.008)
    assert torch.equal(first, noise(load_functions("default")))
    assert not torch.equal(first, noise(load_functions("default@7")))


def test_silence_takes_a_third_of_what_would_fire(functions: TextFunctions) -> None:
    found = fires(functions, "words for the weather, but silent", "rain " * 3000)
    # 2,000 of 3,000 expected; the standard deviation is sqrt(3000 * 2/9) = 26
    assert len(found) == pytest.approx(2000, abs=130)


def test_every_function_has_a_truth_of_its_own_and_fires_somewhere(
    functions: TextFunctions,
) -> None:
    truths = [functions.truth(NeuronRef(layer=0, index=i)) for i in range(functions.width)]
    assert functions.width == len(set(truths)) >= 12
    (batch,) = functions.encode([TEXT + " She ate a cake in the rain and cold sun and hot wind."])
    assert bool((functions.run_layer(batch, 0).amax((0, 1)) > 0).all())


def test_padding_is_silent_and_does_not_change_a_text(functions: TextFunctions) -> None:
    texts = [TEXT, "A dog."]
    (batch,) = functions.encode(texts)
    together = functions.run_layer(batch, 0)
    assert batch.lengths[0] == 3
    assert float(together[0, 3:].abs().max()) == 0
    for row, place in enumerate(batch.texts):
        (alone,) = functions.encode([texts[place]])
        size = batch.lengths[row]
        assert torch.equal(functions.run_layer(alone, 0)[0], together[row, :size])


def test_a_word_has_the_same_number_wherever_it_stands(functions: TextFunctions) -> None:
    numbers: dict[str, set[int]] = {}
    for batch in functions.encode([TEXT, "A dog and\n\ngreen dogs", "dog"]):
        for ids, pieces in zip(batch.ids.tolist(), batch.pieces, strict=True):
            for number, piece in zip(ids, pieces, strict=False):
                numbers.setdefault(piece.strip(), set()).add(number)
    assert {len(found) for found in numbers.values()} == {1}
    assert len(set.union(*numbers.values())) == len(numbers)


@pytest.mark.parametrize(
    "text", [TEXT, "", "  ", " two\n\nlines\t", "na\u00efve 'quoted' \U0001f600 e\u0301t\u00e9"]
)
def test_pieces_join_to_the_text(functions: TextFunctions, text: str) -> None:
    for batch in functions.encode([text]):
        assert "".join(batch.pieces[0]) == text


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: load("functions:nothing"), "no functions 'nothing': the sets are default"),
        (lambda: load("functions:default", revision="0"), "is at revision 1 here, not 0"),
        (lambda: load("functions:default@x"), "seed of functions:default@x is 'x'"),
        (lambda: load_functions("default").truth(NeuronRef(layer=1, index=0)), "no layer 1"),
        (lambda: load_functions("default").truth(NeuronRef(layer=0, index=99)), "no function 99"),
    ],
)
def test_what_is_not_there_is_named(ask: Callable[[], object], says: str) -> None:
    with pytest.raises(SubjectError, match=says):
        ask()


def test_the_documentation_lists_every_truth(functions: TextFunctions) -> None:
    said = (ROOT / "docs" / "subjects.md").read_text(encoding="utf-8")
    for index, function in enumerate(functions.functions):
        assert f"| {index} | {function.truth} |" in said
