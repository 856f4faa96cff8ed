"""What a language model answered is stored at once and never asked for again."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.utils import timezone

from explanations.explainers import EXPLAINERS, Explainer
from explanations.methods.base import Settings
from explanations.methods.requests import (
    Conditional,
    Dialogue,
    Generate,
    LogLikelihood,
    Need,
    NumberLogprobs,
    NumberPrompt,
    send,
)
from explanations.methods.values import (
    Answer,
    Explained,
    GeneratedToken,
    Material,
    Message,
    Prompt,
    Unusable,
)
from explanations.models import Call, Explanation, Neuron, Run, Target
from explanations.prices import Price, Prices
from explanations.records import AuthorKind
from explanations.selectors.calls import Outcome, StoredCall, call_totals, calls_stored
from explanations.selectors.neurons import neuron_refs
from explanations.selectors.runs import RunProgress, run_progress, run_reasons
from explanations.services.calls import call_store
from explanations.services.leases import Cost, target_fail, targets_claim
from explanations.services.results import explanation_store
from explanations.services.runs import run_create, run_retry_failures
from explanations.tasks import work_on_chunk
from explanations.tasks.answering.calls import digest
from explanations.tasks.answering.language_model import _backend
from tests import factories
from tests.explanations.openai_server import OpenAIServer, Reply, chat, failure, serving

pytestmark = pytest.mark.django_db

PRICES = Prices.read({"tiny": {"in": 1_000, "out": 10_000}})
# The server's usage is 11 tokens in and 7 out: 11 * 0.001 + 7 * 0.01 dollars.
CALL = 0.081


def _prompt(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),), max_tokens=9)


class Killed(BaseException):
    """What ends a worker at once: nothing of the product catches it."""


@dataclass(frozen=True, kw_only=True)
class Opening(Settings):
    """What each question begins with."""

    opening: str = "step"


def _thrice(material: Material, settings: Opening) -> Dialogue[Explained | Unusable]:
    """Ask three questions, each resting on the answer before; may be killed before one of them."""
    said = str(material.neuron)
    for step in range(3):
        if killing["before"] == step:
            raise Killed
        (answer,) = yield from send(Generate((_prompt(f"{settings.opening} {step} after {said}"),)))
        if isinstance(answer, Unusable):
            return answer
        said = answer.text
    return Explained(text=said)


killing: dict[str, int | None] = {"before": None}
THRICE = Explainer(
    name="thrice",
    version=1,
    author=AuthorKind.MODEL,
    run=_thrice,
    settings=Opening,
    needs=frozenset({Need.MODEL}),
)


@pytest.fixture(autouse=True)
def thrice(monkeypatch, settings) -> None:
    """Build the explainer in, with a model that has a price."""
    monkeypatch.setitem(EXPLAINERS, "thrice", THRICE)
    _backend.cache_clear()
    settings.LLM_MODEL = "tiny"
    settings.PRICES = PRICES
    killing["before"] = None


def _echo(request: dict) -> Reply:
    return chat(f"said {request['messages'][-1]['content'].split(' after ')[0]}")


def _run(*neurons: Neuron, name: str = "thrice", **values) -> int:
    created = run_create(
        kind=Run.Kind.EXPLAIN,
        method=factories.builtin("explainer", name),
        neurons=[neuron.pk for neuron in neurons or [factories.neuron_with_records()]],
        **values,
    )
    assert created.run is not None
    return created.run.pk


def _worked(run: int) -> RunProgress:
    while work_on_chunk(run):
        pass
    return run_progress(run)


def _killed(run: int, before: int) -> None:
    """Let a worker die before a step of the dialogue, and its lease run out."""
    killing["before"] = before
    with pytest.raises(Killed):
        work_on_chunk(run)
    killing["before"] = None
    Target.objects.exclude(lease=None).update(leased_until=timezone.now() - timedelta(hours=1))


def _asked(server: OpenAIServer) -> list[str]:
    return [request["messages"][-1]["content"] for request in server.requests]


# --- Stored, and replayed -------------------------------------------------------------------------


def test_a_dialogue_that_was_cut_off_goes_on_where_it_was(settings) -> None:
    neuron = factories.neuron_with_records()
    run = _run(neuron)
    with serving(_echo) as server:
        settings.OPENAI_BASE_URL = server.url
        _killed(run, before=2)
        assert Call.objects.count() == 2
        progress = _worked(run)
    assert progress.done == 1
    assert Explanation.objects.get().text == "said step 2"
    first = f"step 0 after {neuron_refs(f'{neuron.layer}/{neuron.index}')[0]}"
    assert _asked(server) == [first, "step 1 after said step 0", "step 2 after said step 1"]
    # What the dead worker paid for is part of what the target took.
    assert (progress.tokens_in, progress.tokens_out) == (33, 21)
    assert Target.objects.get().dollars == pytest.approx(3 * CALL)
    assert progress.dollars == pytest.approx(3 * CALL)


def test_a_call_keeps_model_question_tokens_dollars_and_latency(settings) -> None:
    neuron = factories.neuron_with_records()
    run = _run(neuron)
    with serving(_echo) as server:
        settings.OPENAI_BASE_URL = server.url
        _worked(run)
    call = Call.objects.get(place=1)
    assert (call.model, call.reply, call.reason) == (
        "tiny",
        {"type": "answer", "text": "said step 1"},
        "",
    )
    assert call.digest == digest("tiny", _prompt("step 1 after said step 0"))
    assert (call.tokens_in, call.tokens_out, call.dollars) == (11, 7, pytest.approx(CALL))
    assert call.seconds > 0
    totals = call_totals(run)
    assert (totals.calls, totals.failed, totals.unpriced) == (3, 0, 0)
    assert (totals.tokens_in, totals.tokens_out) == (33, 21)


def test_a_failed_question_is_asked_again_on_retry_only_and_an_answered_one_never(settings) -> None:
    run = _run()
    with serving(_echo, failure(400, "too rude"), _echo) as server:
        settings.OPENAI_BASE_URL = server.url
        assert _worked(run).failed == 1
        # Taken up again without a retry, as after a lost lease: the failure stands.
        Target.objects.update(state="open", finished=None, reason="")
        assert _worked(run).failed == 1
        assert len(server.requests) == 2
        run_retry_failures(run_id=run)
        assert _worked(run).done == 1
    assert [text.split(" after ")[0] for text in _asked(server)] == [
        *("step 0", "step 1"),  # failed
        *("step 1", "step 2"),  # tried again
    ]
    assert Call.objects.filter(void=True).get().reason.endswith("too rude")


def _useless(material: Material, settings: Opening) -> Dialogue[Explained | Unusable]:
    said = yield from _thrice(material, settings)
    useless = isinstance(said, Explained) and "useless" in said.text
    return Unusable(reason="of no use", raw="useless") if useless else said


def test_answers_that_could_not_be_used_are_asked_for_anew_on_retry(settings, monkeypatch) -> None:
    monkeypatch.setitem(EXPLAINERS, "thrice", replace(THRICE, run=_useless))
    run = _run()
    with serving(_echo, _echo, chat("useless"), _echo) as server:
        settings.OPENAI_BASE_URL = server.url
        assert _worked(run).failed == 1
        run_retry_failures(run_id=run)
        assert _worked(run).done == 1
    assert len(server.requests) == 6
    assert Call.objects.filter(void=True).count() == 3
    assert run_progress(run).dollars == pytest.approx(6 * CALL)


def test_a_stored_answer_to_another_question_is_a_failure_that_a_retry_gets_past(settings) -> None:
    run = _run()
    with serving(_echo) as server:
        settings.OPENAI_BASE_URL = server.url
        _killed(run, before=2)
        Call.objects.filter(place=1).update(digest="another")
        progress = _worked(run)
        (reason,) = run_reasons(run)
        assert reason.startswith("question 2 is not the one that its stored answer belongs to")
        assert (progress.failed, len(server.requests)) == (1, 2)
        run_retry_failures(run_id=run)
        assert _worked(run).done == 1
    assert [text.split(" after ")[0] for text in _asked(server)][2:] == ["step 1", "step 2"]
    # What was paid for nothing still counts.
    assert run_progress(run).dollars == pytest.approx(4 * CALL)


def test_what_is_refused_but_was_generated_is_paid_for(settings) -> None:
    run = _run()
    with serving(chat("half a", finish="length")) as server:
        settings.OPENAI_BASE_URL = server.url
        assert _worked(run).failed == 1
    call = Call.objects.get()
    assert (call.reply, call.dollars) == (None, pytest.approx(CALL))
    assert "cut off" in call.reason
    assert run_progress(run).dollars == pytest.approx(CALL)


def test_stored_calls_of_many_targets_are_read_in_one_query(django_assert_num_queries) -> None:
    run = _run(*factories.neurons(5))
    targets = list(Target.objects.filter(run=run).values_list("pk", flat=True))
    for target in targets:
        for place in range(3):
            _store(target, place, Answer(text=f"{target} {place}"))
    with django_assert_num_queries(1):
        stored = calls_stored(targets, place=1)
    assert len(stored) == 10
    assert stored[targets[0], 1].outcome == Answer(text=f"{targets[0]} 1")


# --- What the columns hold ------------------------------------------------------------------------


def _store(target: int, place: int, outcome: Outcome) -> StoredCall:
    return call_store(
        target_id=target,
        place=place,
        digest="d",
        model="tiny",
        outcome=outcome,
        price=Price(tokens_in=1.0, tokens_out=1.0),
    )


OUTCOMES = [
    Answer(text="fish", tokens_in=3, tokens_out=2, seconds=0.5),
    Answer(text="9", tokens=(GeneratedToken(text="9", logprobs={"9": -0.1, "8": -3.0}),)),
    NumberLogprobs(logprobs=({"0": -0.1}, {}), tokens_in=4, seconds=0.25),
    LogLikelihood(logprob=-7.5, tokens=3, tokens_in=5, seconds=0.25),
    Unusable(reason="the model declined", raw="no", tokens_in=3, tokens_out=1, seconds=0.5),
]


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_outcome_is_read_back_as_it_was(outcome: Outcome) -> None:
    _run()
    target = Target.objects.get().pk
    assert _store(target, 0, outcome).outcome == outcome
    assert calls_stored([target])[target, 0].outcome == outcome


UNTAGGED: list[tuple[dict[str, object], list[object] | None, Outcome]] = [
    ({"text": "9"}, [["9", {"9": -0.1, "8": -3.0}]], OUTCOMES[1]),
    ({}, [{"0": -0.1}, {}], replace(OUTCOMES[2], tokens_in=0, seconds=0.0)),
    ({"logprob": -7.5, "tokens": 3}, None, replace(OUTCOMES[3], tokens_in=0, seconds=0.0)),
]


@pytest.mark.parametrize(("reply", "logprobs", "outcome"), UNTAGGED)
def test_a_reply_that_was_stored_without_its_type_is_still_read(
    reply: dict[str, object], logprobs: list[object] | None, outcome: Outcome
) -> None:
    _run()
    target = Target.objects.get()
    Call.objects.create(
        target=target, place=0, digest="d", model="tiny", reply=reply, logprobs=logprobs
    )
    assert calls_stored([target.pk])[target.pk, 0].outcome == outcome


def test_digests_of_stored_questions_stay_what_they_were() -> None:
    # computed before the types of questions had their present names
    number = NumberPrompt(prefix="a", parts=("b",), filler="c")
    assert digest("tiny", number) == (
        "28fd06a0a0ef9f6a93373c157f1d317db76954164ba89cbe09e82604738f0f64"
    )
    assert digest("tiny", Conditional(prefix="a", text="b")) == (
        "db10e4897acc06d234c7be49c3697a71bb1e384850b41fc7f1b4a2ec5817a285"
    )


def test_what_no_database_holds_is_left_out_of_what_the_dialogue_gets_too() -> None:
    _run()
    target = Target.objects.get().pk
    impossible = {"0": -0.1, "1": float("-inf")}
    answer = Answer(text="a\0b", tokens=(GeneratedToken(text="a\0b", logprobs=impossible),))
    kept = Answer(text="ab", tokens=(GeneratedToken(text="ab", logprobs={"0": -0.1}),))
    assert _store(target, 0, answer).outcome == kept
    assert calls_stored([target])[target, 0].outcome == kept


def test_a_late_workers_answer_is_kept_as_paid_for_and_not_read() -> None:
    run = _run()
    target = Target.objects.get().pk
    first = Answer(text="first", tokens_in=1_000_000)
    _store(target, 0, first)
    _store(target, 0, Answer(text="late", tokens_in=1_000_000))
    assert calls_stored([target])[target, 0].outcome == first
    assert Call.objects.get(void=True).reply == {"type": "answer", "text": "late"}
    assert run_progress(run).dollars == pytest.approx(2.0)


def test_log_probabilities_are_dropped_when_their_target_is_done() -> None:
    run = _run(*factories.neurons(2))
    claim = targets_claim(run_id=run, limit=2, at=timezone.now())
    done, failed = claim.targets
    for target in claim.targets:
        _store(target, 0, OUTCOMES[1])
    cost = Cost(tokens_in=1)
    at = timezone.now()
    explanation_store(
        target_id=done,
        lease=claim.lease,
        explained=Explained(text="fish"),
        author_kind=Explanation.Author.MODEL,
        shown=[],
        at=at,
        cost=cost,
    )
    target_fail(target_id=failed, lease=claim.lease, reason="no", at=at, cost=cost)
    assert Call.objects.get(target=done).logprobs is None
    # A retry reads them again.
    assert Call.objects.get(target=failed).logprobs
