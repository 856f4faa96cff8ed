"""Whatever a language model writes, reading it never crashes and never gives an empty text."""

import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st

from explanations.explainers import EXPLAINERS, parse_explanation, test_sentences
from explanations.explainers.agent_protocol import Turn, parse
from explanations.methods.requests import ComputeActivations, Generate
from explanations.methods.values import Answer, Explained, Unusable
from explanations.records import TokenActivations
from tests.explanations.dialogues import carried_on
from tests.explanations.explaining import material, record

# Pieces that parsers look for, among any text.
PIECES = st.sampled_from(
    [
        *("BELIEF:", "PROBE:", "ANSWER:", "\n", "\r\n", "\u2028", "\\n", "```", "<think>"),
        *("</think>", '"', "\u201c", "\u201d", "**", "'", "-", "1.", "(2)", ":", "I'm sorry"),
        *("Explanation:", "This neuron responds to", "fish"),
    ]
)
SAID = st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join)
SPACED = st.lists(PIECES | st.text(max_size=8), max_size=12).map(" ".join)


@settings(deadline=None)
@given(SAID | SPACED)
def test_a_phrase_is_one_line_stripped_and_not_empty_or_there_is_a_reason(said: str) -> None:
    outcome = parse_explanation.parse(Answer(text=said))
    if isinstance(outcome, Unusable):
        assert outcome.raw == said
    else:
        assert outcome.text == outcome.text.strip() != ""
        assert len(outcome.text.splitlines()) == 1


@settings(deadline=None)
@given(SAID | SPACED, st.integers(1, 5))
def test_sentences_are_different_stripped_and_no_more_than_asked_for(said: str, most: int) -> None:
    outcome = test_sentences.parse(Answer(text=said), most)
    if isinstance(outcome, Unusable):
        assert outcome.raw == said
        return
    assert 1 <= len(outcome) <= most
    assert all(sentence == sentence.strip() != "" for sentence in outcome)
    assert len({sentence.casefold() for sentence in outcome}) == len(outcome)


@settings(deadline=None)
@given(SAID | SPACED, st.integers(0, 3))
def test_a_turn_has_probes_or_an_answer_and_never_both_or_neither(said: str, most: int) -> None:
    turn = parse(said, most)
    if isinstance(turn, str):
        assert turn
        assert len(turn.splitlines()) == 1
        return
    assert bool(turn.probes) != bool(turn.answer)
    assert len(turn.probes) <= most
    assert all(turn.probes)
    assert turn.answer == turn.answer.strip()


@settings(deadline=None)
@given(
    st.text(min_size=1, max_size=30).filter(lambda text: text.strip() == text),
    st.lists(st.from_regex(r"[a-z]( [a-z0-9:]+){0,3}", fullmatch=True), min_size=1, max_size=3),
)
def test_what_follows_the_protocol_is_read_as_it_is_meant(belief: str, probes: list[str]) -> None:
    belief = " ".join(belief.split()) or "a"
    said = "\n".join([f"BELIEF: {belief}", *(f"PROBE: {probe}" for probe in probes)])
    assert parse(said, 3) == Turn(belief=belief, probes=tuple(probes))


def _observed(request: ComputeActivations) -> tuple[TokenActivations | Unusable, ...]:
    return tuple(
        record(text, fish=3) if text.split() else Unusable(reason="there are no tokens in it")
        for text in request.parts
    )


@settings(deadline=None)
@given(st.lists(SAID | SPACED, min_size=1, max_size=6), st.integers(0, 3))
def test_every_explainer_ends_with_a_text_or_a_reason_whatever_the_model_says(
    answers: list[str], seed: int
) -> None:
    seen = material(
        record("The fish swam", fish=3),
        record("It was dark"),
        choosing=(record("A fish ate", fish=2), record("No one left")),
        negatives=(("A", " man", " swam"),),
    )
    config = {"simulator": "token_lookup"}
    for name in ("token_activation", "contrastive", "best_of_k", "revision", "agent"):
        script = iter(answers * 100)
        replies = {
            Generate: lambda asked, said=script: tuple(
                Answer(text=next(said)) for _ in asked.parts
            ),
            ComputeActivations: _observed,
        }
        outcome = carried_on(EXPLAINERS[name].explain(seen, {**config, "seed": seed}), replies)
        assert isinstance(outcome, Explained | Unusable)
        if isinstance(outcome, Explained):
            assert json.loads(json.dumps(outcome.details)) == outcome.details
            assert not any(map(math.isnan, _numbers(outcome.details)))


def _numbers(kept: object) -> list[float]:
    """Return all numbers in what JSON holds."""
    if isinstance(kept, dict):
        return [number for value in kept.values() for number in _numbers(value)]
    if isinstance(kept, list):
        return [number for value in kept for number in _numbers(value)]
    return [kept] if isinstance(kept, float) else []
