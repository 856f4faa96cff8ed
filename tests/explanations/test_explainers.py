"""Explainers that need no language model: baselines and controls."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from explanations.explainers import EXPLAINERS, Want
from explanations.explainers.helpers import quoted, word_list
from explanations.methods.requests import Need
from explanations.methods.values import Explained, Material, Unusable
from explanations.records import NeuronRef, Scale, TokenActivations, TokenMean, words
from tests.explanations.dialogues import carried_on


def excerpt(*pairs: tuple[str, float]) -> TokenActivations:
    tokens, values = zip(*pairs, strict=True)
    return TokenActivations(tokens=tokens, activations=np.array(values, "f4"), scale=Scale.RAW)


def text(line: str, **levels: float) -> TokenActivations:
    """Return a text whose tokens are its words, each with its space; 0 where nothing is said."""
    tokens = re.findall(r"\s?[^\s]+", line)
    return excerpt(*((token, levels.get(token.strip(), 0.0)) for token in tokens))


def material(*excerpts: TokenActivations, others: tuple[str, ...] = (), index: int = 1) -> Material:
    maximum = max((each.peak for each in excerpts), default=0.0)
    neuron = NeuronRef(layer=0, index=index)
    return Material(neuron=neuron, maximum=maximum, excerpts=excerpts, others=others)


def explained(name: str, seen: Material, seed: int = 0, **config: object) -> str:
    outcome = attempt(name, seen, seed, **config)
    assert isinstance(outcome, Explained)
    return outcome.text


def attempt(name: str, seen: Material, seed: int = 0, **config: object) -> Explained | Unusable:
    return carried_on(EXPLAINERS[name].explain(seen, {**config, "seed": seed}))


SILENT = text("nothing at all fires here")


# --- token lookup ---------------------------------------------------------------------------------


def test_token_lookup_quotes_the_words_with_the_highest_mean_first() -> None:
    seen = material(
        text("the shark ate a fish", shark=2, fish=8), text("a shark and a fish", shark=2, fish=8)
    )
    assert explained("token_lookup", seen, words=2) == 'the words "fish", "shark"'


def test_a_word_seen_once_does_not_win_by_luck() -> None:
    # 21 words, sum 6 * 5 + 7 = 37, average 1.76; with a prior of 2:
    # fish (6 * 5 + 2 * 1.76) / 8 = 4.19, zebra (7 + 2 * 1.76) / 3 = 3.51
    often = [text("a fish swam", fish=5) for _ in range(6)]
    seen = material(*often, text("a zebra swam", zebra=7))
    assert explained("token_lookup", seen, words=2) == 'the words "fish", "zebra"'
    assert explained("token_lookup", seen, words=2, prior=0) == 'the words "zebra", "fish"'


def test_word_pieces_are_shown_as_whole_words() -> None:
    seen = material(excerpt(("An", 0), (" un", 0), ("believ", 9), ("able", 1), (" fish", 0)))
    assert explained("token_lookup", seen, words=1) == 'the word "unbelievable"'


def test_a_word_counts_once_however_it_is_spelled_and_shows_as_most_often_written() -> None:
    seen = material(text("Paris paris Paris town", Paris=5, paris=5))
    assert explained("token_lookup", seen, words=1) == 'the word "Paris"'


def test_marks_are_named_as_marks() -> None:
    seen = material(excerpt(("well", 3), (",", 5), (" then", 0), (" ;", 4)))
    assert explained("token_lookup", seen) == 'the word "well" and the marks ",", ";"'


def test_words_that_never_fire_are_not_named() -> None:
    assert explained("token_lookup", material(text("a fish swam", fish=3))) == 'the word "fish"'


def test_a_quotation_mark_is_quoted_in_other_marks() -> None:
    assert quoted(['"', "a"]) == '\u2018"\u2019, "a"'
    assert word_list(['"']) == 'the mark \u2018"\u2019'


def test_firing_on_white_space_alone_is_not_explained() -> None:
    outcome = attempt("token_lookup", material(excerpt(("a", 0), ("\n", 4))))
    assert outcome == Unusable(reason="the neuron fires on no word that can be shown")


@pytest.mark.parametrize("name", ["token_lookup", "ngram"])
def test_a_neuron_that_never_fires_cannot_be_explained_by_what_it_fires_on(name: str) -> None:
    outcome = attempt(name, material(SILENT))
    assert outcome == Unusable(reason="the neuron never fires in its whole capture")
    elsewhere = Material(neuron=NeuronRef(layer=0, index=1), maximum=3.0, excerpts=(SILENT,))
    assert attempt(name, elsewhere) == Unusable(
        reason="the neuron never fires in the records that an explainer may see"
    )


def test_the_means_of_a_whole_capture_outweigh_those_of_records_on_request() -> None:
    given = [(" a", 0.1, 900), (" shark", 4, 9), ("ing", 9, 9), (" fog", -1, 9)]
    common = tuple(TokenMean(token=t, mean=mean, count=count) for t, mean, count in given)
    seen = replace(material(text("a fish swam", a=6, fish=3)), means=common)
    # "ing" stands nowhere for a word, and fog is below zero; 6 on "a" was luck, .1 is its mean
    quoted = explained("token_lookup", seen, prior=0, means="capture")
    assert quoted == 'the words "shark", "fish", "a"'
    assert explained("token_lookup", seen, prior=0) == 'the words "a", "fish"'


def test_other_means_are_refused_by_name() -> None:
    outcome = attempt("token_lookup", material(text("a fish", fish=1)), means="median")
    assert outcome == Unusable(reason='means is "records" or "capture", not \'median\'')


# --- n-grams --------------------------------------------------------------------------------------


def test_ngram_names_the_context_where_the_word_alone_does_not_decide() -> None:
    fires = [
        excerpt(("such", 0), (" as", 6), (" cats", 0), (" or", 0), (" dogs", 0)) for _ in range(3)
    ]
    silent = [excerpt(("as", 0), (" tall", 0), (" as", 0), (" me", 0)) for _ in range(6)]
    # "such as" and what follows "such" say the same: the shorter one is named
    assert explained("ngram", material(*fires, *silent), phrases=1) == 'the word after "such"'


def test_ngram_names_the_word_where_the_word_decides() -> None:
    seen = material(
        text("a fish swam", fish=5), text("the fish ate", fish=5), text("one fish slept", fish=5)
    )
    assert explained("ngram", seen, phrases=1) == 'the word "fish"'


def test_ngram_names_what_stands_before_the_peak() -> None:
    pairs = [("tall", "man"), ("tall", "tree"), ("tall", "wall"), ("tall", "ship")]
    fires = [excerpt(("a", 0), (f" {a}", 0), (f" {b}", 7), (" now", 0)) for a, b in pairs]
    silent = [text("a small man and tree with wall and ship") for _ in range(3)]
    assert explained("ngram", material(*fires, *silent), phrases=1) == 'the word after "tall"'


def test_ngram_does_not_trust_a_phrase_that_is_seen_once() -> None:
    outcome = attempt("ngram", material(text("every word here is another one", another=5)))
    assert outcome == Unusable(reason="no word or phrase recurs where the neuron fires")


def test_ngram_names_nothing_that_fires_hardly_more_than_the_average() -> None:
    flat = [text("red blue green", red=5, blue=5, green=5) for _ in range(3)]
    assert isinstance(attempt("ngram", material(*flat)), Unusable)


# --- controls -------------------------------------------------------------------------------------


def test_random_other_gives_one_of_the_others_word_for_word() -> None:
    others = tuple(f"about {number}" for number in range(20))
    drawn = {explained("random_other", material(SILENT, others=others, index=n)) for n in range(30)}
    assert drawn <= set(others)
    assert len(drawn) > 5


def test_random_other_gives_the_same_for_the_same_seed_in_whatever_order_they_come() -> None:
    others = tuple(f"about {number}" for number in range(20))
    one = explained("random_other", material(SILENT, others=others), seed=7)
    assert one == explained("random_other", material(SILENT, others=others[::-1]), seed=7)
    seeds = {explained("random_other", material(SILENT, others=others), seed=s) for s in range(20)}
    assert len(seeds) > 1


def test_random_other_needs_others() -> None:
    assert isinstance(attempt("random_other", material(SILENT)), Unusable)
    assert Want.OTHERS in EXPLAINERS["random_other"].wants


def test_null_answers_alike_for_every_neuron_even_a_dead_one() -> None:
    assert explained("null", material(SILENT)) == explained("null", material(text("a b", b=3)))
    assert explained("null", material(SILENT), text="language") == "language"


# --- all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPLAINERS)
def test_an_explainer_is_registered_under_its_name_with_a_storable_configuration(name: str) -> None:
    explainer = EXPLAINERS[name]
    assert explainer.name == name
    assert json.loads(json.dumps(explainer.default_config)) == explainer.default_config
    expected = {"random_other": "control", "null": "control"}
    expected |= {"token_lookup": "baseline", "ngram": "baseline"}
    assert explainer.author == expected.get(name, "model")
    assert (Need.MODEL in explainer.needs) == (explainer.author == "model")


def test_a_token_is_in_one_word_at_most_and_words_are_whole() -> None:
    tokens = ("Don", "'", "t", " un", "tie", ",", " \n", "it", ").")
    assert [(word.text, word.start, word.stop) for word in words(tokens)] == [
        ("Don't", 0, 3),
        ("untie", 3, 5),
        (",", 5, 6),
        ("it", 7, 8),
        (")", 8, 9),
    ]
