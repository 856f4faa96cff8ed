"""Detection and fuzzing: what is asked, what an answer is worth, and how failures are counted."""

import math
import re
from collections.abc import Callable

import pytest

from explanations.methods.requests import Capabilities, Generate, GetCapabilities
from explanations.methods.values import Answer, Evidence, GeneratedToken, HeldOut, Prompt, Unusable
from explanations.records import RecordKind
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

Judge = Callable[[str], bool | None]


def lines(prompt: Prompt) -> list[str]:
    """Return the excerpts that a prompt asks about."""
    found = re.findall(r"^\d+: (.*)$", prompt.messages[-1].content, re.MULTILINE)
    assert found
    return found


def judge(
    says: Judge, *, logprobs: bool = False, asked: list[Prompt] | None = None, form: str = "{}: {}"
) -> Replies:
    """Answer yes or no about each excerpt; None spoils the answer to the whole prompt."""

    def answer(prompt: Prompt) -> Answer:
        if asked is not None:
            asked.append(prompt)
        words = {True: "yes", False: "no", None: "perhaps"}
        said = [words[says(text)] for text in lines(prompt)]
        return Answer(text="\n".join(form.format(*each) for each in enumerate(said, 1)))

    return {
        GetCapabilities: lambda _: Capabilities(number_logprobs=False, logprobs=logprobs),
        Generate: lambda request: tuple(answer(prompt) for prompt in request.parts),
    }


def knows_fish(text: str) -> bool:
    return "fish" in text


# --- What is asked --------------------------------------------------------------------------------


def test_every_record_of_both_sides_is_asked_about_once_and_mixed() -> None:
    asked: list[Prompt] = []
    score("detection", fish_and_bread(8, 4), judge(knows_fish, asked=asked), per_prompt=5)
    assert [len(lines(prompt)) for prompt in asked] == [5, 5, 2]
    shown = [text for prompt in asked for text in lines(prompt)]
    assert len(set(shown)) == 12
    assert [knows_fish(text) for text in shown] != [True] * 8 + [False] * 4


def test_the_explanation_is_told_and_a_models_certainty_is_asked_for_where_it_can() -> None:
    for logprobs in (True, False):
        asked: list[Prompt] = []
        score("detection", fish_and_bread(), judge(knows_fish, logprobs=logprobs, asked=asked))
        assert "The neuron responds to: fish\n" in asked[0].messages[-1].content
        assert bool(asked[0].top_logprobs) == logprobs


def test_the_order_of_records_does_not_matter_and_the_seed_does() -> None:
    of = fish_and_bread()
    turned = evidence(*reversed(of.records))
    first, again, other = [], [], []
    for few, records, seed in ((first, of, 1), (again, turned, 1), (other, of, 2)):
        score("fuzzing", records, judge(knows_fish, asked=few), seed=seed)
    assert first == again
    assert first != other


def test_as_many_records_as_wanted_are_asked_about_top_and_quantile_by_turns() -> None:
    scored = score("detection", fish_and_bread(8, 4), judge(knows_fish), examples=3)
    assert scored.n == 6
    # Odd records are from quantiles, even ones are top: three of both hold two of one kind.
    assert sum(record % 2 for record in scored.records if record < 100) in (1, 2)


def test_a_random_record_that_fires_is_on_neither_side() -> None:
    of = evidence(firing(1), firing(2, RecordKind.RANDOM), silent(101))
    assert sorted(score("detection", of, judge(knows_fish)).records) == [1, 101]


# --- Marks ----------------------------------------------------------------------------------------


def marked(text: str) -> list[str]:
    return re.findall(r"<<(.*?)>>", text)


def fuzzed(of: Evidence, **config: object) -> list[str]:
    """Return the excerpts as fuzzing shows them."""
    asked: list[Prompt] = []
    outcome("fuzzing", of, judge(knows_fish, asked=asked), **config)
    return [text for prompt in asked for text in lines(prompt)]


def long(pk: int, values: list[float], kind: RecordKind = RecordKind.TOP) -> HeldOut:
    """Return a record of as many different words as there are values."""
    text = " ".join(f"w{pk}x{at}" for at in range(len(values)))
    return HeldOut(record=pk, kind=kind, actual=excerpt(text, values))


def test_firing_words_are_marked_on_some_and_other_words_on_silent_records() -> None:
    for text in fuzzed(fish_and_bread()):
        assert [knows_fish(word) for word in marked(text)] == [knows_fish(text)]


def test_wrong_marks_differ_from_record_to_record() -> None:
    of = evidence(firing(1), *(long(pk, [0] * 12, RecordKind.RANDOM) for pk in range(101, 121)))
    places = {
        text.split().index(f"<<{marked(text)[0]}>>") for text in fuzzed(of) if "fish" not in text
    }
    assert len(places) > 5


def test_wrong_marks_on_firing_records_never_coincide_with_words_that_fire() -> None:
    values = [0, 9, 8, 0, 0, 7, 0, 0, 0, 2, 0, 0]
    of = evidence(*(long(pk, values) for pk in range(1, 9)), silent(101))
    shown = fuzzed(of, negatives="firing")
    assert len(shown) == 8
    places = [{int(word.partition("x")[2]) for word in marked(text)} for text in shown]
    assert sum(each == {1, 2, 5, 9} for each in places) == 4
    wrong = [each for each in places if each != {1, 2, 5, 9}]
    assert all(each.isdisjoint({1, 2, 5, 9}) and len(each) == 4 for each in wrong)


def test_wrong_marks_lie_to_each_other_as_right_ones_do() -> None:
    of = evidence(long(1, [0, 9, 9, 0, 9, 0]), long(101, [0] * 20, RecordKind.RANDOM))
    (text,) = (text for text in fuzzed(of) if "w101" in text)
    first, second, third = (int(word.partition("x")[2]) for word in marked(text))
    assert (second - first, third - first) == (1, 3)


def test_a_word_is_marked_whole_and_without_the_space_around_it() -> None:
    tokens = ("The", " but", "ter", "fly", ", an", "\nant")
    actual = excerpt("a b c d e f", [0, 0, 9, 0, 0, 0])
    of = evidence(
        HeldOut(
            record=1,
            kind=RecordKind.TOP,
            actual=type(actual)(tokens=tokens, activations=actual.activations, scale=actual.scale),
        ),
        silent(101),
    )
    assert "The <<butterfly>>, an ant" in fuzzed(of)


def test_a_text_that_reads_like_a_mark_is_not_used() -> None:
    code = HeldOut(record=2, kind=RecordKind.TOP, actual=excerpt("a << fish b c", [0, 0, 9, 0, 0]))
    assert len(fuzzed(evidence(firing(1), code, silent(101)))) == 2


# --- What answers are worth -----------------------------------------------------------------------


def test_the_measures_of_a_worked_example() -> None:
    # 4 fish, said yes to 3; 2 loaves, said yes to 1: TP 3, FN 1, FP 1, TN 1.
    # Balanced accuracy (3/4 + 1/2)/2 = .625; F1 = 6/(6 + 2) = .75;
    # Pearson of verdicts (3*1 - 1*1)/sqrt(4*2*4*2) = .25
    wrong = ("fish1 ", "loaf101 ")
    judges = judge(lambda text: knows_fish(text) != any(each in text for each in wrong))
    scored = score("detection", fish_and_bread(4, 2), judges)
    assert (scored.value, scored.n) == (pytest.approx(0.625), 6)
    assert scored.details["f1"] == pytest.approx(0.75)
    assert scored.details["pearson"] == pytest.approx(0.25)
    counts = ("true_positives", "false_negatives", "false_positives", "true_negatives")
    assert [scored.details[each] for each in counts] == [3, 1, 1, 1]
    assert scored.details["auc"] is None
    assert scored.details["undefined"] == {"auc": "the answers have no certainty"}
    assert scored.low is not None
    assert scored.high is not None
    assert scored.low < 0.625 < scored.high


def test_a_yes_to_everything_is_worth_a_half_and_its_correlation_is_undefined() -> None:
    scored = score("detection", fish_and_bread(6, 2), judge(lambda _: True))
    assert scored.value == pytest.approx(0.5)
    undefined = score("detection", fish_and_bread(6, 2), judge(lambda _: True), metric="pearson")
    assert (undefined.value, undefined.reason) == (None, "every answer is the same")


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "pearson"])
def test_the_opposite_of_the_truth_is_worth_the_least(metric: str) -> None:
    judges = judge(lambda text: not knows_fish(text))
    scored = score("fuzzing", fish_and_bread(), judges, metric=metric)
    assert scored.value == pytest.approx(-1 if metric == "pearson" else 0)


def test_graded_answers_give_an_area_under_the_curve() -> None:
    # fish1 and fish2 are given 9 and 4, the loaves 6 and 4: of four pairs 9 > 6, 9 > 4, 4 < 6 and
    # 4 = 4: (1 + 1 + 0 + .5)/4 = .625
    grades = {"fish1": 9, "fish2": 4, "loaf101": 6, "loaf102": 4}

    def graded(prompt: Prompt) -> Answer:
        said = [next(g for word, g in grades.items() if word in text) for text in lines(prompt)]
        return Answer(text="\n".join(f"{at}: {grade}" for at, grade in enumerate(said, 1)))

    replies = judge(knows_fish) | {Generate: lambda request: tuple(map(graded, request.parts))}
    of = fish_and_bread(2, 2)
    scored = score("detection", of, replies, answers="graded", metric="auc")
    assert scored.value == pytest.approx(0.625)
    # 9 and 6 are a yes: 1 of 2 fish and 1 of 2 loaves rightly
    assert scored.details["balanced_accuracy"] == pytest.approx(0.5)


def test_log_probabilities_of_an_answer_are_its_certainty() -> None:
    # P(yes) .6 and " Yes" .1 against P(no) .1: .7/.8 = .875; and ln .2 against ln .6: .25
    def token(text: str, **alternatives: float) -> GeneratedToken:
        return GeneratedToken(
            text=text, logprobs={word: math.log(p) for word, p in alternatives.items()}
        )

    def answer(prompt: Prompt) -> Answer:
        tokens: list[GeneratedToken] = []
        for number, text in enumerate(lines(prompt), 1):
            fits = knows_fish(text)
            said = (
                token("yes", yes=0.6, **{" Yes": 0.1}, no=0.1)
                if fits
                else token("no", yes=0.2, no=0.6)
            )
            tokens += [token(f"{number}"), token(": "), said, token("\n")]
        return Answer(text="".join(each.text for each in tokens), tokens=tuple(tokens))

    replies = judge(knows_fish, logprobs=True) | {
        Generate: lambda request: tuple(answer(prompt) for prompt in request.parts)
    }
    scored = score("detection", fish_and_bread(2, 2), replies, metric="pearson")
    assert scored.details["auc"] == 1
    assert scored.value == pytest.approx(1)  # .875 and .25 on either side: a straight line


def test_what_a_model_thinks_aloud_is_no_answer() -> None:
    thought = "<think>\n1: no\n</think>\n"
    judges = judge(knows_fish, form="{}. {}")
    replies = judges | {
        Generate: lambda request: tuple(
            Answer(text=thought + each.text) for each in judges[Generate](request)
        )
    }
    assert score("detection", fish_and_bread(), replies).value == 1


# --- Failures -------------------------------------------------------------------------------------


def test_an_answer_of_another_form_fails_its_excerpts_and_is_never_a_no() -> None:
    of = fish_and_bread(8, 4)
    judges = judge(lambda text: None if "fish3 " in text else knows_fish(text))
    scored = score("detection", of, judges, per_prompt=2)
    assert scored.value == 1
    assert scored.n == 10
    assert scored.details["failed"] == 2
    assert scored.details["failures"] == {'an answer is \'perhaps\' and neither "yes" nor "no"': 2}
    assert 3 not in scored.records


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1: yes", "the answer has 1 lines for 2 excerpts"),
        ("1: yes\n2: no\n3: no", "the answer has 3 lines for 2 excerpts"),
        ("2: yes\n1: no", "line 1 of the answer is not 1 and an answer: '2: yes'"),
        ("yes, no", "line 1 of the answer is not 1 and an answer: 'yes, no'"),
        ("1: yes\n2: no, as it is bread", "line 2 of the answer is not 2 and an answer"),
        ("", "the answer has 0 lines for 2 excerpts"),
    ],
)
def test_where_no_answer_can_be_used_the_attempt_has_failed(text: str, reason: str) -> None:
    replies = judge(knows_fish) | {
        Generate: lambda request: (Answer(text=text),) * len(request.parts)
    }
    ended = outcome("detection", fish_and_bread(1, 1), replies)
    assert isinstance(ended, Unusable)
    assert ended.reason.startswith(f"too few answers could be used: {reason}")
    assert ended.raw == text


def test_a_server_that_answers_nothing_is_a_failure_with_its_reason() -> None:
    gone = Unusable(reason="the server answered 500", raw="oh")
    replies = judge(knows_fish) | {Generate: lambda request: (gone,) * len(request.parts)}
    ended = outcome("fuzzing", fish_and_bread(), replies)
    assert ended == Unusable(
        reason="too few answers could be used: the server answered 500", raw="oh"
    )


@pytest.mark.parametrize("name", ["detection", "fuzzing"])
@pytest.mark.parametrize(
    ("sides", "reason"),
    [
        ((0, 3), "no held-out top or quantile record on which the neuron fires"),
        ((3, 0), "no held-out record on which the neuron is silent"),
    ],
)
def test_evidence_of_one_side_only_is_undefined_and_costs_nothing(
    name: str, sides: tuple[int, int], reason: str
) -> None:
    scored = score(name, fish_and_bread(*sides))
    assert (scored.value, scored.n, scored.reason) == (None, 0, reason)


@pytest.mark.parametrize(
    ("name", "config", "message"),
    [
        ("detection", {"metric": "accuracy"}, "`metric` is one of balanced_accuracy"),
        ("detection", {"answers": "maybe"}, "`answers` is one of yes_no, graded"),
        ("fuzzing", {"negatives": "both"}, '`negatives` is "silent" or "firing"'),
        ("detection", {"examples": 0}, "`examples` is 1 or more, not 0"),
        ("fuzzing", {"per_prompt": 0}, "`per_prompt` is 1 or more, not 0"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(
    name: str, config: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        outcome(name, fish_and_bread(), judge(knows_fish), **config)
