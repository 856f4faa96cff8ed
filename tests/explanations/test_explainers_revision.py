"""An explanation is revised on sentences that should fit it; half of them nobody sees."""

import pytest

from explanations.explainers import EXPLAINERS, test_sentences
from explanations.explainers.revision import EXPLANATION, TRIED
from explanations.methods.requests import ComputeActivations, Generate, Need
from explanations.methods.values import SHOWN, Answer, Unusable
from explanations.records import TokenActivations
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

DOGS = material(record("The big dog ran home", dog=1))
SENTENCES = (
    "The man ran home.",
    "A cat slept.",
    "The woman walked.",
    "My cow is here.",
    "A baby cried.",
    "Two pigs ate.",
)
ANIMALS = function("words for animals")


def revised(*answers: str, **config: object) -> tuple[Model, object]:
    model = Model("living beings", "\n".join(SENTENCES), *answers)
    replies = {Generate: model, ComputeActivations: ANIMALS}
    return model, explained("revision", DOGS, replies, sentences=6, **config)


def test_it_is_revised_where_a_sentence_that_should_fit_leaves_the_neuron_silent() -> None:
    model, outcome = revised("animals")
    assert outcome.text == "animals"
    assert outcome.details["first"] == "living beings"
    asked = model.prompts[2]
    assert f"{EXPLANATION} living beings" in asked
    assert "dog\t10" in asked


def test_a_half_of_the_sentences_is_kept_with_activations_and_never_shown() -> None:
    model, outcome = revised("animals")
    kept = ["".join(each["tokens"]) for each in outcome.details["held_out"]]
    (told,) = outcome.details["rounds"]
    assert len(kept) == len(told["shown"]) == 3
    assert {*kept, *told["shown"]} == set(SENTENCES)
    assert not any(sentence in model.prompts[2] for sentence in kept)
    assert all(sentence in model.prompts[2] for sentence in told["shown"])
    for each in outcome.details["held_out"]:
        (own,) = ANIMALS(ComputeActivations(("".join(each["tokens"]),)))
        assert isinstance(own, TokenActivations)
        assert each["activations"] == own.activations.tolist()


def test_what_the_reviser_saw_is_kept_as_tokens() -> None:
    _, outcome = revised("animals")
    (told,) = outcome.details["rounds"]
    assert ["".join(tokens) for tokens in outcome.details[SHOWN]] == told["shown"]


def test_the_seed_decides_which_half_is_kept() -> None:
    def kept(seed: int) -> list[str]:
        replies = {
            Generate: Model("beings", "\n".join(SENTENCES), "animals"),
            ComputeActivations: ANIMALS,
        }
        outcome = explained("revision", DOGS, replies, seed, sentences=6)
        return ["".join(each["tokens"]) for each in outcome.details["held_out"]]

    assert kept(1) == kept(1)
    assert any(kept(1) != kept(seed) for seed in range(2, 6))


def test_an_explanation_that_every_shown_sentence_fits_stands_as_it_is() -> None:
    model = Model("animals", "A cat slept.\nMy cow is here.\nA dog ate.\nThe fox ran.")
    outcome = explained("revision", DOGS, {Generate: model, ComputeActivations: ANIMALS})
    assert outcome.text == outcome.details["first"] == "animals"
    assert len(model.prompts) == 2


def test_what_the_neuron_did_is_told_by_token() -> None:
    model, _ = revised("animals")
    tried = model.prompts[2].partition(TRIED)[2]
    assert "  silent" in tried
    fired = [line for line in tried.splitlines() if line.startswith("  ") and line != "  silent"]
    assert all(line in ("  cat 10", "  cow 10", "  pigs 10", "  pig 10") for line in fired)


def test_in_a_further_round_sentences_are_written_to_fit_what_was_revised() -> None:
    again = "A cat slept.\nThe horse ran.\nThe wolf sat.\nA lion ate."
    model, outcome = revised("pets", again, rounds=2)
    assert outcome.text == "pets"
    assert "responds to pets" in model.prompts[3]
    kept = {"".join(each["tokens"]) for each in outcome.details["held_out"]}
    shown = {"".join(tokens) for tokens in outcome.details[SHOWN]}
    assert not kept & shown


def test_a_sentence_that_cannot_be_run_is_counted_and_left_out() -> None:
    def some(request: ComputeActivations) -> tuple[object, ...]:
        return tuple(
            reply if "cat" not in text else Unusable(reason="too long")
            for text, reply in zip(request.parts, ANIMALS(request), strict=True)
        )

    model = Model("beings", "\n".join(SENTENCES), "animals")
    outcome = explained("revision", DOGS, {Generate: model, ComputeActivations: some}, sentences=6)
    (told,) = outcome.details["rounds"]
    assert told["failed"] == 1
    assert len(told["shown"]) + len(outcome.details["held_out"]) == 5


def test_without_a_subject_there_is_no_revision() -> None:
    model = Model("beings", "\n".join(SENTENCES))
    outcome = failed("revision", DOGS, {Generate: model, ComputeActivations: nobody}, sentences=6)
    assert outcome.reason == "no sentence could be run: no subject is at hand"
    assert set(outcome.raw.splitlines()) == set(SENTENCES)


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([""], "the answer contains no explanation"),
        (["beings", "..."], "the model wrote no sentences"),
        (["beings", "I'm sorry, I can't."], "the model declined to explain"),
        (["beings", "A man ran.", ""], "the answer contains no explanation"),
    ],
)
def test_a_step_that_gives_nothing_is_the_whole_failure(answers: list[str], reason: str) -> None:
    replies = {Generate: Model(*answers), ComputeActivations: ANIMALS}
    assert failed("revision", DOGS, replies).reason == reason


@pytest.mark.parametrize(
    "said",
    [
        "A cat slept.\nA dog ate.",
        "1. A cat slept.\n2) A dog ate.",
        "- A cat slept.\n\n* A dog ate.\n",
        "Here are two sentences:\n\u201cA cat slept.\u201d\n\u201cA dog ate.\u201d",
        "```\nA cat slept.\nA dog ate.\n```",
        "<think>hm</think>A cat slept.\nA dog ate.\na cat slept.",
    ],
)
def test_sentences_are_read_without_numbers_bullets_quotes_and_repeats(said: str) -> None:
    assert test_sentences.parse(Answer(text=said), 5) == ["A cat slept.", "A dog ate."]


def test_a_sentence_alone_cannot_be_shown_and_kept() -> None:
    outcome = failed("revision", DOGS, {}, sentences=1)
    assert outcome.reason.startswith("sentences must be 2 or more")


def test_no_more_sentences_are_read_than_were_asked_for() -> None:
    assert test_sentences.parse(Answer(text="One.\nTwo.\nThree."), 2) == ["One.", "Two."]


def test_it_asks_for_a_model_and_a_subject() -> None:
    assert EXPLAINERS["revision"].needs == {Need.MODEL, Need.SUBJECT}
