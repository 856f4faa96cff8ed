"""Embedding, surprisal and intruder: scores of explanations that ask for no verdicts."""

import re

import numpy as np
import pytest

from explanations.methods.requests import (
    Capabilities,
    ComputeLogLikelihoods,
    Conditional,
    Embed,
    Generate,
    GetCapabilities,
    LogLikelihood,
)
from explanations.methods.values import Answer, Evidence, HeldOut, Message, Unusable
from explanations.records import RecordKind
from explanations.scorers import SCORERS
from explanations.scorers.intruder import SYSTEM
from tests.explanations.dialogues import Replies
from tests.explanations.evidence import (
    evidence,
    excerpt,
    firing,
    fish_and_bread,
    outcome,
    score,
    silent,
)

# --- Embedding ------------------------------------------------------------------------------------


def encoder(cosines: dict[str, float]) -> Replies:
    """Return unit vectors of two dimensions with those cosines to the explanation "fish"."""

    def cosine(text: str) -> float:
        return 1.0 if text == "fish" else next(c for word, c in cosines.items() if word in text)

    def vectors(request: Embed) -> np.ndarray:
        x = np.array([cosine(text) for text in request.parts], "f4")
        return np.stack([x, np.sqrt(1 - x**2)], axis=1)

    return {Embed: vectors}


def test_embedding_is_how_often_a_firing_excerpt_is_nearer() -> None:
    # fish .9 and .3 against bread .5 and .2: .9 beats both, .3 beats .2: 3 of 4 pairs
    cosines = {"fish1 ": 0.9, "fish2 ": 0.3, "loaf101 ": 0.5, "loaf102 ": 0.2}
    scored = score("embedding", fish_and_bread(2, 2), encoder(cosines))
    assert (scored.value, scored.n) == (pytest.approx(0.75), 4)
    assert set(scored.records) == {1, 2, 101, 102}
    assert scored.low is not None
    assert scored.high is not None
    assert 0 < scored.low < 0.75 < scored.high < 1


def test_an_explanation_of_the_silent_records_scores_below_a_half() -> None:
    assert score("embedding", fish_and_bread(), encoder({"fish": 0.1, "loaf": 0.8})).value == 0


def test_how_far_length_alone_parts_the_sides_is_told() -> None:
    # fish of five words against bread of five and of three: a tie and a win, (.5 + 1)/2
    short = HeldOut(record=9, kind=RecordKind.RANDOM, actual=excerpt("rye loaf now", [0, 0, 0]))
    of = evidence(firing(1), silent(101), short)
    scored = score("embedding", of, encoder({"fish": 0.9, "loaf": 0.1}))
    assert scored.details["auc_by_length"] == pytest.approx(0.75)


# --- Surprisal ------------------------------------------------------------------------------------


def weighing(gains: dict[str, float]) -> Replies:
    """Weigh each text at -40 nats, and with "fish" in its prefix at so many more."""

    def weighed(given: Conditional) -> LogLikelihood | Unusable:
        gain = next(value for word, value in gains.items() if word in given.text)
        if np.isnan(gain):
            return Unusable(reason="the server answered 500")
        return LogLikelihood(logprob=-40 + gain * ("fish" in given.prefix), tokens=8)

    return {
        GetCapabilities: lambda _: Capabilities(
            number_logprobs=True, log_likelihoods=True, logprobs=True
        ),
        ComputeLogLikelihoods: lambda request: tuple(map(weighed, request.parts)),
    }


def test_surprisal_is_how_often_the_explanation_tells_more_about_a_firing_excerpt() -> None:
    # gains 4 and 1 nats against 2 and 0: 4 beats both, 1 beats 0: 3 of 4 pairs;
    # a token gains (4 + 1)/2/8 = .3125 nats where it fires and (2 + 0)/2/8 = .125 elsewhere
    gains = {"fish1 ": 4.0, "fish2 ": 1.0, "loaf101 ": 2.0, "loaf102 ": 0.0}
    scored = score("surprisal", fish_and_bread(2, 2), weighing(gains))
    assert (scored.value, scored.n) == (pytest.approx(0.75), 4)
    assert scored.details["nats_per_token_firing"] == pytest.approx(0.3125)
    assert scored.details["nats_per_token_silent"] == pytest.approx(0.125)
    assert scored.details["failed"] == 0


def test_a_text_that_could_not_be_weighed_is_left_out_and_counted() -> None:
    gains = {"fish1 ": np.nan, "fish": 2.0, "loaf": 1.0}
    scored = score("surprisal", fish_and_bread(3, 2), weighing(gains))
    assert (scored.value, scored.n, scored.details["failed"]) == (1, 4, 1)
    assert 1 not in scored.records


def test_where_nothing_could_be_weighed_the_attempt_has_failed() -> None:
    ended = outcome("surprisal", fish_and_bread(), weighing({"": np.nan}))
    assert ended == Unusable(reason="too few texts were read: the server answered 500")


def test_surprisal_by_a_model_that_cannot_weigh_texts_is_undefined() -> None:
    replies = {GetCapabilities: lambda _: Capabilities(number_logprobs=False, logprobs=True)}
    scored = score("surprisal", fish_and_bread(), replies)
    assert scored.value is None
    assert scored.reason == "the language model does not give log probabilities of a given text"


# --- Intruder -------------------------------------------------------------------------------------


def shown(messages: tuple[Message, ...]) -> list[str]:
    """Return the excerpts of the question that messages end with."""
    return re.findall(r"^\d: (.*)$", messages[-1].content, re.MULTILINE)


def finding(answers: list[str | None], asked: list[tuple[Message, ...]] | None = None) -> Replies:
    """Answer each question so; None finds the intruder."""

    def answered(request: Generate) -> tuple[Answer, ...]:
        found = []
        for prompt, answer in zip(request.parts, answers, strict=True):
            if asked is not None:
                asked.append(prompt.messages)
            (place,) = [at for at, text in enumerate(shown(prompt.messages), 1) if "loaf" in text]
            found.append(Answer(text=answer or str(place)))
        return tuple(found)

    return {Generate: answered}


def test_intruder_is_the_share_of_intruders_found_against_chance() -> None:
    # 2 of 2 found, chance 1/5: p = 1/25
    scored = score("intruder", fish_and_bread(8, 4), finding([None, None]))
    assert (scored.value, scored.n) == (1, 2)
    assert scored.details["chance"] == 0.2
    assert scored.details["p"] == pytest.approx(0.04)
    # Wilson for 2 of 2: the lower end is 2 / (2 + 3.8415) = .3424
    assert scored.low == pytest.approx(0.3424, abs=1e-4)


def test_each_question_shows_four_that_fire_and_one_that_does_not_and_no_record_twice() -> None:
    asked: list[tuple[Message, ...]] = []
    scored = score("intruder", fish_and_bread(17, 9), finding([None] * 4, asked))
    texts = [shown(messages) for messages in asked]
    assert [sum("fish" in text for text in few) for few in texts] == [4] * 4
    assert len(scored.records) == len(set(scored.records)) == 20


def test_the_intruder_stands_in_different_places() -> None:
    asked: list[tuple[Message, ...]] = []
    score("intruder", fish_and_bread(40, 10), finding([None] * 10, asked))
    places = {["loaf" in text for text in shown(messages)].index(True) for messages in asked}
    assert len(places) >= 3


@pytest.mark.parametrize("shown", [True, False])
def test_the_explanation_can_be_left_out(shown: bool) -> None:
    asked: list[tuple[Message, ...]] = []
    score("intruder", fish_and_bread(4, 1), finding([None], asked), show_explanation=shown)
    (messages,) = asked
    assert messages[0].content == SYSTEM
    assert all(("responds to" in each.content) == shown for each in messages if each.role == "user")


def test_an_answer_that_is_no_excerpt_is_no_wrong_one() -> None:
    scored = score("intruder", fish_and_bread(12, 3), finding([None, "6", "number 2, I think"]))
    assert (scored.value, scored.n, scored.details["failed"]) == (1, 1, 2)
    assert scored.details["failures"] == {"the answer is not one of 1, 2, 3, 4, 5": 2}
    assert len(scored.records) == 5


def test_where_no_answer_is_an_excerpt_the_attempt_has_failed() -> None:
    ended = outcome("intruder", fish_and_bread(4, 1), finding(["none"]))
    assert isinstance(ended, Unusable)
    assert ended.raw == "none"


def test_intruder_takes_four_records_that_fire() -> None:
    scored = score("intruder", fish_and_bread(3, 2))
    assert scored.reason == "it takes 4 records that fire, and there are 3"


# --- All of them ----------------------------------------------------------------------------------


# --- generation -----------------------------------------------------------------------------------


def written(*peaks: float) -> Evidence:
    sentences = tuple(excerpt("the cod swam", [0, peak, 0]) for peak in peaks)
    return evidence(sentences=sentences)


def test_generation_is_the_share_of_kept_sentences_on_which_the_neuron_fires() -> None:
    # maximum 10: 1.0 is 1 of 10 and fires, .9 is 0 of 10 and does not: 3 of 4
    scored = score("generation", written(9, 1.0, 0.9, 5))
    assert (scored.value, scored.n) == (0.75, 4)
    assert scored.details["levels"] == [9, 1, 0, 5]
    # Wilson, z = 1.96: (.75 + 3.84/8 ± 1.96 sqrt(.75 * .25 / 4 + 3.84/64)) / (1 + 3.84/4)
    assert (scored.low, scored.high) == (
        pytest.approx(0.3006, abs=1e-3),
        pytest.approx(0.9544, abs=1e-3),
    )


def test_generation_is_undefined_where_nobody_wrote_sentences_or_the_neuron_is_dead() -> None:
    assert "only `revision`" in score("generation", evidence()).reason
    dead = evidence(sentences=written(0).sentences, maximum=0.0)
    assert score("generation", dead).reason == "the neuron never fires"


@pytest.mark.parametrize("name", ["embedding", "surprisal", "intruder"])
def test_evidence_of_one_side_only_is_undefined_and_costs_nothing(name: str) -> None:
    assert score(name, fish_and_bread(0, 3)).reason == (
        "no held-out top or quantile record on which the neuron fires"
    )
    assert score(name, fish_and_bread(5, 0)).reason == (
        "no held-out record on which the neuron is silent"
    )


def test_the_order_of_records_does_not_matter() -> None:
    of = fish_and_bread(8, 3)
    turned = evidence(*reversed(of.records))
    cosines = {f"fish{n} ": 0.1 * n for n in range(1, 9)} | {"loaf": 0.35}
    for name, replies in (
        ("embedding", encoder(cosines)),
        ("surprisal", weighing(cosines)),
        ("intruder", finding([None, "3"])),
    ):
        assert score(name, of, replies) == score(name, turned, replies)


def test_a_scorer_of_explanations_needs_what_its_requests_need() -> None:
    needs = {name: {*scorer.needs} for name, scorer in SCORERS.items()}
    assert needs["embedding"] == {"encoder"}
    assert {"detection", "fuzzing", "surprisal", "intruder"} <= {
        name for name in needs if needs[name] == {"model"}
    }
