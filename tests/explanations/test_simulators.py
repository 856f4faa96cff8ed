"""Simulators that need no language model, and which windows may be scored at all."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from explanations.methods.requests import Embed, Need
from explanations.methods.values import Simulated
from explanations.simulators import SIMULATORS
from explanations.simulators.held_out import Window, held_out
from explanations.simulators.keywords import named, stem
from tests.explanations.dialogues import carried_on

THE_SHARK = ("The", " shark", " ate", " a", " fish", ".")


def lookup(explanation: str, *tokens: str, **config: float) -> list[float]:
    (simulated,) = carried_on(SIMULATORS["token_lookup"].simulate(explanation, [tokens], config))
    assert isinstance(simulated, Simulated)
    return simulated.values.tolist()


def firing(explanation: str, *tokens: str) -> list[str]:
    values = lookup(explanation, *tokens)
    return [token for token, value in zip(tokens, values, strict=True) if value > 0]


# --- token lookup ---------------------------------------------------------------------------------


def test_quoted_words_fire_and_others_do_not() -> None:
    assert lookup('the words "fish", "shark"', *THE_SHARK, first=10, last=4) == [0, 4, 0, 0, 10, 0]


def test_what_is_named_in_between_gets_a_level_in_between() -> None:
    # three words from 9 to 3 in equal steps: 9, 6, 3
    assert lookup('"a", "b", "c"', "c", " b", " a", first=9, last=3) == [3, 6, 9]


def test_without_quotes_the_content_words_count() -> None:
    assert firing("mentions of sharks and other words about fish", *THE_SHARK) == [
        " shark",
        " fish",
    ]


def test_with_quotes_only_what_is_quoted_counts() -> None:
    assert firing('the word "fish" when a shark ate it', *THE_SHARK) == [" fish"]


def test_quoted_function_words_and_marks_count() -> None:
    assert firing('the word "the" and the mark "."', *THE_SHARK) == ["The", "."]
    said = ("He", " said", ' "', "no", '"')
    assert firing('the mark \u2018"\u2019', *said) == [' "', '"']


def test_marks_count_when_they_are_called_by_their_names() -> None:
    said = ("Yes", ",", " he", " said", ":", " why", "?")
    assert firing("commas and question marks", *said) == [",", "?"]
    assert firing('commas and "why"', *said) == [",", " why"]
    assert firing("a long period of time", "A", " time", ".") == [" time"]


def test_near_forms_of_a_word_match_and_others_do_not() -> None:
    forms = ("arrest", " arrests", " arrested", " arresting", " rest", " arrow")
    assert firing('"arrest"', *forms) == list(forms[:4])


def test_every_piece_of_a_word_fires() -> None:
    assert firing('"unbelievable"', "An", " un", "believ", "able", " fish") == [
        " un",
        "believ",
        "able",
    ]


def test_a_quoted_phrase_fires_on_its_last_word_where_it_stands_as_a_whole() -> None:
    tokens = ("such", " as", " cats", " as", " tall", " such")
    assert lookup('the last word of "such as"', *tokens, first=5) == [0, 5, 0, 0, 0, 0]


def test_the_word_after_a_quotation_fires_where_that_is_said() -> None:
    tokens = ("a", " tall", " man", " and", " a", " big", " dog", " tall")
    assert firing('the word after "tall", "big"', *tokens) == [" man", " dog"]
    assert firing('the word "and", and the word after "tall"', *tokens) == [" man", " and"]
    assert firing('words after "big"', *tokens) == [" dog"]


@pytest.mark.parametrize(
    "explanation", ["", "words and phrases in ordinary text", '""', "...", "a"]
)
def test_an_explanation_that_names_nothing_predicts_silence(explanation: str) -> None:
    assert not any(lookup(explanation, *THE_SHARK))


def test_all_kinds_of_quotation_marks_quote_and_apostrophes_do_not() -> None:
    texts = ['"fish"', "\u201cfish\u201d", "\u2018fish\u2019", "`fish`", "'fish'"]
    assert {named(f"the word {text}") for text in texts} == {named('"fish"')}
    assert [phrase.text for phrase in named("a dog's bone")] == ["dog's", "bone"]


@given(st.text(max_size=60), st.lists(st.text(max_size=6), max_size=12))
def test_any_text_gets_one_value_from_0_to_10_for_each_token(
    explanation: str, tokens: list[str]
) -> None:
    values = lookup(explanation, *tokens)
    assert len(values) == len(tokens)
    assert all(0 <= value <= 10 for value in values)


@given(st.text("abcdeinrsy", min_size=1, max_size=12))
def test_a_stem_is_short_of_no_word_by_more_than_an_ending(word: str) -> None:
    assert word.startswith(stem(word))
    assert len(stem(word)) >= min(3, len(word))


# --- embedding ------------------------------------------------------------------------------------


class Encoder:
    """Unit vectors that depend on the text alone, but for words of the sea, which are alike."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls.append(list(texts))
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> NDArray[np.float32]:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        noise = np.random.default_rng(seed).normal(size=64) * 0.1
        noise[0] += 3.0 if text in {"fish", "shark", "sea"} else 0.0
        vector: NDArray[np.float32] = (noise / np.linalg.norm(noise)).astype(np.float32)
        return vector


def embedded(
    explanation: str, *excerpts: tuple[str, ...], encoder: Encoder | None = None, **config: float
) -> list[list[float]]:
    encodes = encoder or Encoder()
    simulated = carried_on(
        SIMULATORS["embedding"].simulate(explanation, excerpts, config),
        {Embed: lambda request: encodes(request.parts)},
    )
    return [each.values.tolist() for each in simulated if isinstance(each, Simulated)]


def test_words_that_mean_what_is_named_fire_without_being_named() -> None:
    (values,) = embedded('the word "fish"', THE_SHARK)
    assert np.argsort(values)[-2:].tolist() in ([1, 4], [4, 1])
    assert values[0] == values[2] == 0


def test_similarity_is_scaled_from_silent_to_full() -> None:
    # the cosine of "fish" with itself is 1; (1 - .5) / (1.5 - .5) of 10 is 5
    (values,) = embedded('"fish"', ("fish",), silent=0.5, full=1.5, context=0)
    assert values == pytest.approx([5])


def test_everything_is_encoded_in_one_call_and_each_text_once() -> None:
    encoder = Encoder()
    embedded("fish", THE_SHARK, THE_SHARK, (), encoder=encoder)
    (texts,) = encoder.calls
    assert len(texts) == len(set(texts))
    assert {"The shark ate", "shark ate a", "fish ."} <= set(texts)


def test_contexts_that_weigh_nothing_are_not_encoded() -> None:
    encoder = Encoder()
    embedded("fish", THE_SHARK, encoder=encoder, context=0)
    assert set(encoder.calls[0]) == {"fish", "The", "shark", "ate", "a", "."}


def test_the_word_after_what_is_named_fires_where_that_is_said() -> None:
    (values,) = embedded('the word after "sea"', ("the", " sea", " was", " calm"), context=0)
    assert [value > 0 for value in values] == [False, False, True, False]


def test_excerpts_without_words_get_values_too() -> None:
    assert embedded("fish", (), (" ", "\n")) == [[], [0.0, 0.0]]
    assert embedded("", ("a",)) == [[0.0]]


# --- held-out windows -----------------------------------------------------------------------------


def window(document: str, text: str) -> Window:
    return Window(document=document, tokens=tuple(text.split()))


NINE = "one two three four five six seven eight nine"


def test_a_window_of_a_shown_document_is_not_held_out() -> None:
    assert held_out([window("a", "x y"), window("b", "x z")], [window("a", NINE)]) == [1]


def test_a_window_that_shares_eight_tokens_in_a_row_is_not_held_out() -> None:
    shown = [window("a", f"zero {NINE}")]
    eight = window("b", "and two three four five six seven eight nine")
    seven = window("c", "and three four five six seven eight nine then")
    assert held_out([eight, seven], shown) == [1]


def test_case_and_the_space_around_pieces_do_not_hide_a_shared_run() -> None:
    shown = [Window(document="a", tokens=tuple(f" {word}" for word in NINE.split()))]
    spaced = Window(document="b", tokens=("\n", *NINE.upper().split()))
    assert held_out([spaced], shown) == []


def test_a_short_window_that_was_shown_whole_is_not_held_out() -> None:
    shown = [window("a", NINE)]
    assert held_out([window("b", "two three"), window("c", "two four")], shown) == [1]


def test_where_nothing_was_shown_everything_is_held_out() -> None:
    assert held_out([window("a", NINE), window("a", NINE)], []) == [0, 1]


windows = st.builds(
    Window,
    document=st.sampled_from("abcdef"),
    tokens=st.lists(st.sampled_from(["x", " X", "y", " z"]), max_size=12).map(tuple),
)


@given(st.lists(windows, max_size=5), st.lists(windows, max_size=5), st.integers(1, 8))
def test_no_held_out_window_shares_a_document_or_a_run_with_what_was_shown(
    candidates: list[Window], shown: list[Window], n: int
) -> None:
    def runs(of: Window) -> set[str]:
        folded = [token.strip().lower() for token in of.tokens]
        return {" ".join(folded[at : at + n]) for at in range(len(folded) - n + 1)}

    kept = held_out(candidates, shown, n)
    assert kept == sorted(set(kept))
    for position in kept:
        for seen in shown:
            assert candidates[position].document != seen.document
            assert not runs(candidates[position]) & runs(seen)


@given(st.lists(windows, max_size=5), st.lists(windows, max_size=5), windows)
def test_showing_more_never_holds_more_out(
    candidates: list[Window], shown: list[Window], more: Window
) -> None:
    assert set(held_out(candidates, [*shown, more])) <= set(held_out(candidates, shown))


# --- all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SIMULATORS)
def test_a_simulator_is_registered_under_its_name_with_a_storable_configuration(name: str) -> None:
    simulator = SIMULATORS[name]
    assert simulator.name == name
    assert json.loads(json.dumps(simulator.default_config)) == simulator.default_config
    needs = {"embedding": {Need.ENCODER}, "llm": {Need.MODEL}}
    assert simulator.needs == needs.get(name, set())
