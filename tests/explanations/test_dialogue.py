"""Dialogues that are carried on side by side ask at once and end as they would alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explanations.methods.requests import (
    Capabilities,
    Dialogue,
    Embed,
    Generate,
    GetCapabilities,
    gather,
    send,
)
from explanations.methods.values import Answer, Message, Prompt
from tests.explanations.dialogues import carried_on


def prompt(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),), max_tokens=5)


def echo(request: Generate) -> tuple[Answer, ...]:
    """Answer each prompt with itself."""
    return tuple(Answer(text=each.messages[-1].content) for each in request.parts)


def lengths(request: Embed) -> np.ndarray:
    """Encode each text as its length."""
    return np.array([[len(text)] for text in request.parts], "f4")


def talk(name: str, steps: list[int]) -> Dialogue[list[str]]:
    """Ask `steps[0]` prompts, then `steps[1]`, ...; encode what came back; return all that did."""
    heard: list[str] = []
    for step, count in enumerate(steps):
        answers = yield from send(
            Generate(tuple(prompt(f"{name}{step}.{n}") for n in range(count)))
        )
        heard += [each.text for each in answers if isinstance(each, Answer)]
        vectors = yield from send(Embed((f"{name}{step}",)))
        heard.append(str(vectors.tolist()))
    able = yield from send(GetCapabilities())
    return [*heard, str(able.number_logprobs)]


REPLIES = {
    Generate: echo,
    Embed: lengths,
    GetCapabilities: lambda _: Capabilities(number_logprobs=False, logprobs=True),
}


@given(st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=4))
def test_dialogues_side_by_side_end_as_each_would_alone(steps: list[list[int]]) -> None:
    talks = [talk(f"t{number}-", few) for number, few in enumerate(steps)]
    alone = [carried_on(talk(f"t{number}-", few), REPLIES) for number, few in enumerate(steps)]
    assert carried_on(gather(talks), REPLIES) == alone


def test_what_dialogues_ask_of_one_kind_is_asked_at_once() -> None:
    asked: list[int] = []

    def counting(request: Generate) -> tuple[Answer, ...]:
        asked.append(len(request.parts))
        return echo(request)

    carried_on(gather([talk("a", [2, 1]), talk("b", [3])]), REPLIES | {Generate: counting})
    assert asked == [5, 1]
