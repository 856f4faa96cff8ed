"""`program` and `predict_function`: scores of what is said about functions."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explanations.ground_truth import sets
from explanations.ground_truth.made import FunctionSet, Kind
from explanations.ground_truth.pairs import Pair
from explanations.methods.requests import Generate
from explanations.methods.values import Answer, Evidence, HeldOut, Prompt, Scored, Unusable
from explanations.records import RecordKind
from explanations.scorers.function_prediction import NO_FUNCTION, OPTIONS, SYSTEM
from explanations.scorers.program import nmse, program_of
from tests.explanations.dialogues import Replies
from tests.explanations.evidence import evidence, fish_and_bread, outcome, score


def of(pairs: Sequence[tuple[float | str, float | str]], explanation: str) -> Evidence:
    """Return evidence about a function that gave these outputs."""
    records = [
        HeldOut(record=at, kind=RecordKind.RANDOM, actual=Pair(given=x, output=y).excerpt)
        for at, (x, y) in enumerate(pairs, 1)
    ]
    return evidence(*records, explanation=explanation, function=True)


DOUBLES = [(0.0, 0.0), (1.0, 2.0), (2.0, 4.0), (3.0, 6.0)]
REVERSES = [("cat", "tac"), ("dog", "god"), ("bird", "drib"), ("anna", "anna")]

# --- program --------------------------------------------------------------------------------------


def test_the_right_program_scores_1() -> None:
    scored = score("program", of(DOUBLES, "def f(x):\n    return x * 2"))
    assert (scored.value, scored.n, scored.records) == (1, 4, (1, 2, 3, 4))
    assert score("program", of(REVERSES, "def f(x):\n    return x[::-1]")).value == 1


def test_numbers_are_measured_by_the_error_normalised_by_the_variance() -> None:
    # outputs 0, 2, 4, 6: variance 5; a program that gives 1 more each time: NMSE 1/5
    scored = score("program", of(DOUBLES, "def f(x):\n    return x * 2 + 1"))
    assert scored.value == pytest.approx(0.8)
    assert scored.details["nmse"] == pytest.approx(0.2)
    # the mean of all outputs is worth nothing, and what runs the other way less
    assert score("program", of(DOUBLES, "def f(x):\n    return 3")).value == pytest.approx(0)
    assert (score("program", of(DOUBLES, "def f(x):\n    return -x")).value or 0) < -1


def test_strings_are_measured_by_how_many_are_the_same() -> None:
    # only "anna" is left as it is by the function; Wilson's interval of 1 of 4
    scored = score("program", of(REVERSES, "def f(x):\n    return x"))
    assert (scored.value, scored.n) == (0.25, 4)
    assert (scored.low, scored.high) == (
        pytest.approx(0.0456, abs=1e-3),
        pytest.approx(0.6994, abs=1e-3),
    )


def test_a_string_program_that_fails_on_an_input_has_it_wrong_and_says_why() -> None:
    program = "def f(x):\n    return x[::-1] if len(x) == 3 else x[9]"
    scored = score("program", of(REVERSES, program))
    assert scored.value == 0.5
    assert scored.details["failed"] == 2
    assert "IndexError" in str(scored.details["failures"])


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("def f(x):\n    return 1 / x", "no number on 1 of 4 inputs: ZeroDivisionError"),
        ("def f(x):\n    return str(x)", "no number on 4 of 4 inputs: it gave a str"),
        ("def f(x):\n    return True", "it gave a bool"),
        ("def f(x):\n    return float('nan')", "it gave nan"),
        ("def f(x):\n    return 10 ** 400", "too large"),
        ("def f(x):\n    return 1e200", "too far off"),
    ],
)
def test_numbers_that_are_none_leave_the_score_undefined(program: str, reason: str) -> None:
    scored = score("program", of(DOUBLES, program))
    assert scored.value is None
    assert reason in scored.reason


def test_a_constant_function_has_no_score() -> None:
    scored = score("program", of([(1.0, 5.0), (2.0, 5.0)], "def f(x):\n    return 5"))
    assert (scored.value, scored.reason) == (None, "the function's outputs are constant")


def test_words_are_no_program() -> None:
    found = outcome("program", of(DOUBLES, "It doubles the input."))
    assert isinstance(found, Unusable)
    assert "not a program that runs: SyntaxError" in found.reason


def test_a_program_may_stand_between_code_marks() -> None:
    text = "Here it is:\n```python\ndef f(x):\n    return x * 2\n```\nIt doubles."
    assert score("program", of(DOUBLES, text)).value == 1
    assert program_of("def f(x): return 1") == "def f(x): return 1"


@pytest.mark.parametrize("name", ["program", "predict_function"])
def test_a_neuron_of_a_text_is_no_function(name: str) -> None:
    scored = score(name, fish_and_bread())
    assert (scored.value, scored.n) == (None, 0)
    assert "not inputs and outputs" in scored.reason


@given(
    st.lists(st.integers(-50, 50), min_size=2, max_size=9).filter(lambda f: len(set(f)) > 1),
    st.integers(-9, 9),
    st.integers(1, 9),
)
@settings(max_examples=60, deadline=None)
def test_the_error_does_not_care_about_unit_and_origin(f: list[int], move: int, scale: int) -> None:
    p = [each + 1 for each in f]
    moved = [[scale * each + move for each in row] for row in (p, f)]
    assert nmse(*moved) == pytest.approx(nmse(p, f))
    assert nmse(f, f) == 0
    assert nmse([float(np.mean(f))] * len(f), f) == pytest.approx(1)


def test_truths_beat_distractors_on_made_functions() -> None:
    for kind in (Kind.NUMERIC, Kind.STRING):
        function_set = FunctionSet(kind=kind, count=8, seed=3)
        for place, made in enumerate(sets.functions(function_set)):
            few = [(pair.given, pair.output) for pair in sets.pairs(function_set, place)[:36]]
            truth = score("program", of(few, made.function.program)).value or 0
            far = outcome("program", of(few, made.far_distractor.program))
            assert truth > 0.7
            assert not isinstance(far, Scored) or (far.value or 0) < truth


# --- predict_function -----------------------------------------------------------------------------


def answering(choose: Callable[[str, list[str]], str], prompts: list[Prompt]) -> Replies:
    """Answer each question by its input and outputs, and keep the prompts."""

    def reply(request: Generate) -> tuple[Answer | Unusable, ...]:
        prompts.extend(request.parts)
        answers = []
        for prompt in request.parts:
            head, _, tail = prompt.messages[-1].content.partition("\n\nThe outputs:\n")
            outputs = [line.partition(": ")[2] for line in tail.split("\n")]
            said = choose(head.rpartition("The input: ")[2], outputs)
            answers.append(Unusable(reason="HTTP 500") if said == "500" else Answer(text=said))
        return tuple(answers)

    return {Generate: reply}


def reversing(given: str, outputs: list[str]) -> str:
    return str(outputs.index(given[::-1]) + 1)


WORDS = [
    (word, word[::-1]) for word in ("cat", "dog", "bird", "house", "mouse", "tree", "lake", "stone")
]


def test_who_knows_the_function_chooses_rightly() -> None:
    prompts: list[Prompt] = []
    scored = score("predict_function", of(WORDS, "reverses it"), answering(reversing, prompts))
    assert (scored.value, scored.n, scored.details["chance"]) == (1, 8, (1 / OPTIONS))
    # p of 8 right of 8 by chance: (1/3)^8
    assert scored.details["p"] == pytest.approx((1 / OPTIONS) ** 8)
    assert all("reverses it" in prompt.messages[-1].content for prompt in prompts)
    assert all(prompt.messages[0].content == SYSTEM for prompt in prompts)


def test_who_always_says_the_same_is_right_by_chance() -> None:
    pairs = [(float(x), float(7 * x % 100)) for x in range(100)]
    found = [
        score("predict_function", of(pairs, "f"), answering(lambda *_: "2", []), seed=seed).value
        for seed in range(20)
    ]
    # 20 x 20 questions: the standard error is sqrt(2/9/400) = .024
    assert float(np.mean([each or 0 for each in found])) == pytest.approx((1 / OPTIONS), abs=0.08)


def test_each_question_offers_the_right_output_once_and_none_that_is_near_it() -> None:
    pairs = [(float(x), x / 10) for x in range(30)]
    right = {f"{x:g}": f"{y:.6g}" for x, y in pairs}
    least = 0.2 * float(np.std([y for _, y in pairs]))

    def check(given: str, outputs: list[str]) -> str:
        numbers = sorted(map(float, outputs))
        assert len(outputs) == OPTIONS
        assert outputs.count(right[given]) == 1
        assert min(b - a for a, b in pairwise(numbers)) > least
        return "1"

    assert score("predict_function", of(pairs, "f"), answering(check, [])).n == 20


def test_without_being_told_the_explanation_is_not_in_the_prompt() -> None:
    prompts: list[Prompt] = []
    of_words = of(WORDS, "reverses it")
    score("predict_function", of_words, answering(reversing, prompts), show_explanation=False)
    assert not any("reverses it" in m.content for prompt in prompts for m in prompt.messages)


def test_answers_that_cannot_be_used_are_left_out_and_counted() -> None:
    said = iter(["500", "the first", "9", "<think>2</think>1", "1.", "1", "1", "1"])
    scored = score("predict_function", of(WORDS, "f"), answering(lambda *_: next(said), []))
    assert (scored.n, scored.details["failed"]) == (5, 3)
    found = outcome("predict_function", of(WORDS, "f"), answering(lambda *_: "?", []))
    assert isinstance(found, Unusable)


def test_outputs_that_are_all_the_same_make_no_question() -> None:
    scored = score("predict_function", of([("a", "x"), ("b", "x"), ("c", "x")], "f"))
    assert scored.value is None
    assert "3 inputs of different outputs" in scored.reason


@pytest.mark.parametrize("scorer", ["program", "predict_function"])
def test_images_described_by_numbers_are_no_function(scorer: str) -> None:
    records = [
        HeldOut(record=at, kind=RecordKind.RANDOM, actual=Pair(given=x, output=y).excerpt)
        for at, (x, y) in enumerate(DOUBLES, 1)
    ]
    scored = score(scorer, evidence(*records, explanation="def f(x):\n    return x * 2"))
    assert (scored.value, scored.reason) == (None, NO_FUNCTION)
