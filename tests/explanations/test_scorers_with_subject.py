"""`ablation` and `intervention`: scores that take running the subject itself."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from explanations.methods.requests import ContinueTexts, Generate, Intervene
from explanations.methods.values import Answer, Evidence, HeldOut, Prompt, Unusable
from explanations.records import RecordKind, Scale
from explanations.scorers.ablation import ablation, variants
from tests.explanations.dialogues import Replies
from tests.explanations.evidence import evidence, excerpt, firing, outcome, score, silent

# --- ablation -------------------------------------------------------------------------------------


def simulated(record: HeldOut, values: list[float]) -> HeldOut:
    return replace(record, simulated=excerpt(record.actual.text, values, Scale.ZERO_TO_TEN))


def tried(**values: object) -> Evidence:
    """Return two records that fire and two that do not, simulated rightly; the mean is 1."""
    records = [
        *(simulated(firing(pk), [0, 0, 9, 0, 0]) for pk in (1, 2)),
        *(simulated(silent(pk), [0, 0, 0, 0, 0]) for pk in (101, 102)),
    ]
    return evidence(*records, **{"mean": 1.0, **values})


def moving(divergence: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Replies:
    """Answer with a divergence of what was set, and what each record really was."""
    actual = {each.actual.tokens: each.actual.activations for each in tried().records}

    def reply(request: Intervene) -> tuple[np.ndarray | Unusable, ...]:
        return tuple(
            divergence(each.values.astype(np.float64), actual[each.tokens].astype(np.float64))
            for each in request.parts
        )

    return {Intervene: reply}


def squared(values: np.ndarray, actual: np.ndarray) -> np.ndarray:
    found: np.ndarray = (values - actual) ** 2 / 1000
    return found


def test_ablation_is_one_minus_the_ratio_of_the_divergences() -> None:
    # squares, a thousandth of: simulated 2 x 0 + 2 x (.25 + 9) = 18.5;
    # mean 2 x (4 x 1 + 64) + 2 x (3 x 1 + .25 + 16) = 136 + 38.5 = 174.5
    scored = score("ablation", tried(), moving(squared))
    assert (scored.value, scored.n) == (pytest.approx(1 - 18.5 / 174.5), 20)
    assert scored.details["jsd_mean"] == {
        "top": pytest.approx(136 / 10 / 1000),
        "random": pytest.approx(38.5 / 10 / 1000),
    }
    assert scored.records == (1, 2, 101, 102)
    assert scored.low is not None
    assert scored.low < (scored.value or 0)


def test_simulated_values_are_set_on_the_raw_scale() -> None:
    record = simulated(firing(1), [0, 1, 10, 0, 5])
    found = variants(record, 30.0, 2.5)
    assert found.tolist() == [[0, 3, 30, 0, 15], [2.5] * 5]


def test_a_simulation_that_is_the_mean_scores_0_and_a_worse_one_below() -> None:
    assert ablation([0.2, 0.3], [0.2, 0.3]) == 0
    assert ablation([1.0, 1.0], [0.5, 0.5]) == pytest.approx(-1)
    assert np.isnan(ablation([0.0], [0.0]))


def test_a_record_that_could_not_be_run_is_left_out_and_counted() -> None:
    right = moving(squared)[Intervene]

    def reply(request: Intervene) -> tuple[np.ndarray | Unusable, ...]:
        return (Unusable(reason="too long"), *right(request)[1:])

    scored = score("ablation", tried(), {Intervene: reply})
    assert (scored.n, scored.details["failed"]) == (15, 1)
    assert scored.records == (2, 101, 102)
    assert scored.details["failures"] == {"too long": 1}


def test_a_subject_that_cannot_be_run_fails_the_attempt() -> None:
    def reply(request: Intervene) -> tuple[Unusable, ...]:
        return (Unusable(reason="it predicts no next token"),) * len(request.parts)

    found = outcome("ablation", tried(), {Intervene: reply})
    assert isinstance(found, Unusable)
    assert "predicts no next token" in found.reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"mean": None}, "mean over its capture is not known"),
        ({"maximum": 0.0}, "never fires"),
        ({"records": ()}, "no record was simulated"),
    ],
)
def test_ablation_without_what_it_takes_has_a_reason(
    values: dict[str, object], reason: str
) -> None:
    scored = score("ablation", replace(tried(), **values))  # type: ignore[arg-type]
    assert scored.value is None
    assert reason in scored.reason


def test_a_neuron_that_changes_nothing_has_no_score() -> None:
    scored = score("ablation", tried(), moving(lambda values, _: np.zeros_like(values)))
    assert scored.value is None
    assert "changes nothing" in scored.reason


# --- intervention ---------------------------------------------------------------------------------


def writing(
    clamped: str, plain: str = "and went home"
) -> Callable[[ContinueTexts], tuple[str, ...]]:
    def reply(request: ContinueTexts) -> tuple[str, ...]:
        return tuple(plain if each.clamp is None else clamped for each in request.parts)

    return reply


def judging(prompts: list[Prompt], word: str) -> Callable[[Generate], tuple[Answer, ...]]:
    """Choose the text that holds a word, A where neither does."""

    def reply(request: Generate) -> tuple[Answer, ...]:
        prompts.extend(request.parts)
        shown = [prompt.messages[-1].content for prompt in request.parts]
        return tuple(
            Answer(text="B" if word in text.partition("\nB: ")[2] else "A") for text in shown
        )

    return reply


def many(count: int = 12) -> Evidence:
    return evidence(*(silent(pk) for pk in range(101, 101 + count)), firing(1))


def test_a_change_that_fits_is_found() -> None:
    prompts: list[Prompt] = []
    replies: Replies = {ContinueTexts: writing("to the pike"), Generate: judging(prompts, "pike")}
    scored = score("intervention", many(), replies)
    assert (scored.value, scored.n, scored.details["unchanged"]) == (1, 13, 0)
    assert all("The influence: fish" in prompt.messages[-1].content for prompt in prompts)
    assert scored.details["texts"][0][1:] == ["and went home", "to the pike"]


def test_who_always_says_a_is_right_as_often_as_a_is() -> None:
    replies: Replies = {ContinueTexts: writing("to the pike"), Generate: judging([], "nothing")}
    shares = [score("intervention", many(20), replies, seed=seed).value or 0 for seed in range(10)]
    # 200 questions: the standard error is .035
    assert float(np.mean(shares)) == pytest.approx(0.5, abs=0.12)


def test_the_neuron_is_held_above_its_maximum_on_beginnings_that_are_not_its_top_ones() -> None:
    asked: list[ContinueTexts] = []

    def reply(request: ContinueTexts) -> tuple[str, ...]:
        asked.append(request)
        return tuple(f"{each.clamp} {each.text}" for each in request.parts)

    score(
        "intervention",
        many(),
        {ContinueTexts: reply, Generate: judging([], "50")},
        texts=4,
        beginning=2,
    )
    plain, clamped = asked
    assert {each.clamp for each in plain.parts} == {None}
    assert {each.clamp for each in clamped.parts} == {50.0}
    assert [(each.text, each.seed) for each in plain.parts] == [
        (each.text, each.seed) for each in clamped.parts
    ]
    assert len(plain.parts) == 4
    assert all(e.text.startswith("c") and e.text.count(" ") == 2 for e in plain.parts)


def test_texts_that_stay_the_same_cannot_be_judged() -> None:
    replies: Replies = {ContinueTexts: writing("same", "same")}
    scored = score("intervention", many(), replies)
    assert scored.value is None
    assert scored.reason == "clamping the neuron changes none of 13 texts"


def test_what_could_not_go_on_or_be_read_is_counted() -> None:
    def reply(request: ContinueTexts) -> tuple[str | Unusable, ...]:
        first = Unusable(reason="no room")
        return (first, *(f"{each.clamp}" for each in request.parts[1:]))

    answers = iter(["A", "neither", "B"] * 10)
    replies: Replies = {
        ContinueTexts: reply,
        Generate: lambda request: tuple(Answer(text=next(answers)) for _ in request.parts),
    }
    scored = score("intervention", many(), replies)
    # 13 texts, one without room; of 12 answers every third cannot be read
    assert (scored.n, scored.details["failed"]) == (8, 5)
    found = outcome(
        "intervention",
        many(),
        {ContinueTexts: lambda request: (Unusable(reason="no room"),) * len(request.parts)},
    )
    assert isinstance(found, Unusable)
    assert "no room" in found.reason


def test_a_neuron_that_never_fires_cannot_be_made_strong() -> None:
    scored = score("intervention", replace(many(), maximum=0.0))
    assert scored.reason == "the neuron never fires"
    assert score("intervention", evidence()).reason == "no record is held out"


def test_top_records_are_used_where_there_are_no_others() -> None:
    replies: Replies = {ContinueTexts: writing("pike"), Generate: judging([], "pike")}
    tops = evidence(*(firing(pk, RecordKind.TOP) for pk in range(1, 5)))
    assert score("intervention", tops, replies).n == 4
