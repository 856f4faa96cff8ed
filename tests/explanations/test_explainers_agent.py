"""The agent finds a neuron or a function out by trying, in a protocol that is read strictly."""

import pytest

from explanations.explainers import EXPLAINERS, agent
from explanations.explainers.agent_protocol import Turn, parse
from explanations.ground_truth.made import FunctionSet, Kind
from explanations.ground_truth.pairs import Pair
from explanations.ground_truth.sets import observe
from explanations.methods.requests import ComputeActivations, Generate, Need
from explanations.methods.values import SHOWN, Message, Unusable
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
ANIMALS = function("words for animals")
TRY = "BELIEF: pets\nPROBE: The wolf slept.\nPROBE: The chair broke."


def squared(text: str) -> TokenActivations:
    return Pair(given=float(text), output=float(text) ** 2).excerpt


def squares(request: ComputeActivations) -> tuple[TokenActivations, ...]:
    """Observe the function x squared."""
    return tuple(map(squared, request.parts))


def test_it_is_told_what_its_probes_did_and_answers_when_it_knows() -> None:
    model = Model(TRY, "ANSWER: words for animals")
    outcome = explained("agent", DOGS, {Generate: model, ComputeActivations: ANIMALS})
    assert outcome.text == "words for animals"
    assert model.prompts[1].splitlines() == [
        "1. The wolf slept.",
        "   wolf 10",
        "2. The chair broke.",
        "   silent",
        "",
        "Turns with probes left: 5.",
    ]


def test_it_begins_from_the_highest_records() -> None:
    model = Model("ANSWER: dogs")
    outcome = explained("agent", DOGS, {Generate: model, ComputeActivations: ANIMALS}, records=3)
    assert "dog\t10" in model.prompts[0]
    assert outcome.rests_on("a") == ("a",)


def test_the_transcript_and_what_was_tried_are_kept() -> None:
    model = Model(TRY, "ANSWER: words for animals")
    outcome = explained("agent", DOGS, {Generate: model, ComputeActivations: ANIMALS})
    roles = [turn["role"] for turn in outcome.details["transcript"]]
    assert roles == ["user", "assistant", "user", "assistant"]
    assert outcome.details["transcript"][1]["content"] == TRY
    assert outcome.details["steps"] == 1
    assert outcome.details[SHOWN][0] == ["The", " wolf", " slept", "."]


def test_a_function_of_numbers_is_told_by_inputs_and_outputs_as_they_are() -> None:
    model = Model("BELIEF: doubles\nPROBE: 3\nPROBE: -0.5", "ANSWER: squares its input")
    seen = material(*map(squared, ("9", "-7", "2", "1", "0")), function=True)
    outcome = explained("agent", seen, {Generate: model, ComputeActivations: squares}, records=3)
    assert outcome.text == "squares its input"
    assert model.prompts[0].endswith("outputs:\n\n9 -> 81\n2 -> 4\n0 -> 0")
    assert "1. 3\n   9\n2. -0.5\n   0.25" in model.prompts[1]
    assert outcome.rests_on("abcde") == ("a", "c", "e")


def test_a_function_of_strings_is_told_by_what_it_gives() -> None:
    def reverses(request: ComputeActivations) -> tuple[TokenActivations, ...]:
        return tuple(Pair(given=text, output=text[::-1]).excerpt for text in request.parts)

    model = Model("BELIEF: ?\nPROBE: two words", "ANSWER: reverses its input")
    seen = material(*reverses(ComputeActivations(("ab", "cd\nef"))), function=True)
    explained("agent", seen, {Generate: model, ComputeActivations: reverses})
    assert model.prompts[0].endswith("ab -> ba\ncd\\nef -> fe\\ndc")
    assert "1. two words\n   sdrow owt" in model.prompts[1]


def test_a_made_function_is_observed_as_its_set_gives_it() -> None:
    function_set = FunctionSet(kind=Kind.NUMERIC, count=3, seed=7)
    model = Model("BELIEF: ?\nPROBE: 1.5\nPROBE: many", "ANSWER: a line")
    outcome = explained(
        "agent",
        material(observe(function_set, 0, "2"), observe(function_set, 0, "-3"), function=True),
        {
            Generate: model,
            ComputeActivations: lambda asked: tuple(
                observe(function_set, 0, text) for text in asked.parts
            ),
        },
    )
    given = observe(function_set, 0, "1.5")
    assert f"1. 1.5\n   {given.activations[0]:.6g}\n2. many\n   could not be" in model.prompts[1]
    assert outcome.details[SHOWN] == [["1.5"]]


def test_at_the_step_limit_it_is_asked_for_its_answer() -> None:
    model = Model(TRY, TRY, "ANSWER: animals")
    outcome = explained("agent", DOGS, {Generate: model, ComputeActivations: ANIMALS}, steps=2)
    assert outcome.details["steps"] == 2
    assert model.prompts[2].endswith("No probes are left: write your ANSWER.")


def test_probes_beyond_the_step_limit_are_not_run() -> None:
    model = Model(TRY)
    outcome = failed(
        "agent", DOGS, {Generate: model, ComputeActivations: ANIMALS}, steps=1, mistakes=2
    )
    assert outcome.reason == (
        "the model broke the protocol 2 times in a row: No probes are left: write one ANSWER line."
    )
    assert outcome.raw.count("wolf 10") == 1


def test_a_turn_that_breaks_the_protocol_is_answered_with_what_is_wrong() -> None:
    model = Model("I think it is dogs.", "ANSWER: dogs")
    outcome = explained("agent", DOGS, {Generate: model, ComputeActivations: ANIMALS})
    assert outcome.text == "dogs"
    assert model.prompts[1] == (
        "The line 'I think it is dogs.' begins with none of BELIEF:, PROBE: and ANSWER:. "
        "Write the turn again."
    )


def test_mistakes_are_counted_in_a_row() -> None:
    model = Model("hm", TRY, "hm", "ANSWER: dogs")
    outcome = explained("agent", DOGS, {Generate: model, ComputeActivations: ANIMALS}, mistakes=2)
    assert outcome.text == "dogs"


def test_a_model_that_never_follows_fails_with_the_whole_conversation() -> None:
    outcome = failed(
        "agent", DOGS, {Generate: Model("hm"), ComputeActivations: ANIMALS}, mistakes=3
    )
    assert outcome.reason.startswith("the model broke the protocol 3 times in a row")
    assert outcome.raw.count("assistant: hm") == 3


def test_without_a_subject_it_ends_before_anything_is_asked() -> None:
    outcome = failed("agent", DOGS, {ComputeActivations: nobody})
    assert outcome.reason == "the subject cannot be run: no subject is at hand"


def test_an_input_that_cannot_be_run_is_told_beside_those_that_can() -> None:
    def one(request: ComputeActivations) -> tuple[object, ...]:
        too_long = (Unusable(reason="too long"),) * (len(request.parts) - 1)
        return (*ANIMALS(ComputeActivations(request.parts[:1])), *too_long)

    model = Model(TRY, "ANSWER: animals")
    explained("agent", DOGS, {Generate: model, ComputeActivations: one})
    assert "2. The chair broke.\n   could not be run: too long" in model.prompts[1]


def test_a_call_that_failed_ends_it_with_the_conversation_so_far() -> None:
    model = Model(TRY, Unusable(reason="a timeout", raw="half"))
    outcome = failed("agent", DOGS, {Generate: model, ComputeActivations: ANIMALS})
    assert outcome.reason == "a timeout"
    assert outcome.raw.startswith("user: Excerpts")
    assert outcome.raw.endswith("half")


def test_a_refusal_ends_it() -> None:
    outcome = failed(
        "agent", DOGS, {Generate: Model("I'm sorry, I can't."), ComputeActivations: ANIMALS}
    )
    assert outcome.reason == "the model declined to explain"


def test_a_dead_neuron_costs_nothing() -> None:
    dead = material(record("It was dark"))
    assert failed("agent", dead, {}).reason == "the neuron never fires in its whole capture"


def test_the_rules_say_how_many_probes_and_turns_there_are() -> None:
    said = agent.prompt(
        [Message(role="user", content="Begin.")],
        agent.AgentSettings(probes=2, steps=4),
        function=False,
    )
    assert "1 to 2 PROBE lines" in said.messages[0].content
    assert "You have 4 turns with probes" in said.messages[0].content


@pytest.mark.parametrize(
    ("said", "turn"),
    [
        ("BELIEF: a\nPROBE: b", Turn(belief="a", probes=("b",))),
        ("\n BELIEF:a\n\nPROBE:  b  \nPROBE: c:d\n", Turn(belief="a", probes=("b", "c:d"))),
        ("BELIEF: a\nPROBE: one\\ntwo", Turn(belief="a", probes=("one\ntwo",))),
        ("ANSWER: dogs", Turn(answer="dogs")),
        ("BELIEF: dogs\nANSWER: \u201cdogs\u201d", Turn(belief="dogs", answer="dogs")),
    ],
)
def test_a_turn_is_read(said: str, turn: Turn) -> None:
    assert parse(said, 2) == turn


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("", "There is no PROBE line and no ANSWER line."),
        ("BELIEF: a", "There is no PROBE line and no ANSWER line."),
        ("PROBE: a", "There is no BELIEF line before the PROBE lines."),
        ("BELIEF: a\nPROBE:", "There is nothing after PROBE:."),
        ('ANSWER: ""', "There is nothing after ANSWER:."),
        ("BELIEF: a\nPROBE: b\nPROBE: c\nPROBE: d", "There are 3 PROBE lines, but a turn has at"),
        ("BELIEF: a\nPROBE: b\nANSWER: c", "A turn has PROBE lines or an ANSWER line, not both."),
        ("ANSWER: a\nANSWER: b", "There is more than one ANSWER line."),
        ("BELIEF: a\nBELIEF: b\nPROBE: c", "There is more than one BELIEF line."),
        ("probe: a", "The line 'probe: a' begins with none of"),
        ("BELIEF: a\nPROBE: b\nIt fires.", "The line 'It fires.' begins with none of"),
    ],
)
def test_what_breaks_the_protocol_is_named(said: str, wrong: str) -> None:
    found = parse(said, 2)
    assert isinstance(found, str)
    assert found.startswith(wrong)


def test_it_asks_for_a_model_and_a_subject() -> None:
    assert EXPLAINERS["agent"].needs == {Need.MODEL, Need.SUBJECT}


def test_an_image_described_by_a_number_is_no_function() -> None:
    image = Pair(given=7.0, output=4.0).excerpt
    model = Model("ANSWER: sevens")
    explained("agent", material(image), {Generate: model, ComputeActivations: lambda _: (image,)})
    assert model.prompts[0].startswith("Excerpts on which the neuron fires")
