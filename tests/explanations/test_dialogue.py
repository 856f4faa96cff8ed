"""Dialogues that are carried on side by side ask at once and end as they would alone."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from explanations.methods.requests import (
    Abilities,
    Ask,
    AskAbilities,
    Dialogue,
    Encode,
    abilities,
    ask,
    encode,
    together,
)
from explanations.methods.values import Answer, Message, Prompt
from tests.explanations.dialogues import carried_on


def prompt(text: str) -> Prompt:
    return Prompt(messages=(Message(role="user", content=text),), max_tokens=5)


def echo(request: Ask) -> tuple[Answer, ...]:
    """Answer each prompt with itself."""
    return tuple(Answer(text=each.messages[-1].content) for each in request.prompts)


def lengths(request: Encode) -> np.ndarray:
    """Encode each text as its length."""
    return np.array([[len(text)] for text in request.texts], "f4")


def talk(name: str, steps: list[int]) -> Dialogue[list[str]]:
    """Ask `steps[0]` prompts, then `steps[1]`, ...; encode what came back; return all that did."""
    heard: list[str] = []
    for step, count in enumerate(steps):
        answers = yield from ask([prompt(f"{name}{step}.{n}") for n in range(count)])
        heard += [each.text for each in answers if isinstance(each, Answer)]
        vectors = yield from encode([f"{name}{step}"])
        heard.append(str(vectors.tolist()))
    able = yield from abilities()
    return [*heard, str(able.reads)]


REPLIES = {
    Ask: echo,
    Encode: lengths,
    AskAbilities: lambda _: Abilities(reads=False, logprobs=True),
}


@given(st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=4))
def test_dialogues_side_by_side_end_as_each_would_alone(steps: list[list[int]]) -> None:
    talks = [talk(f"t{number}-", few) for number, few in enumerate(steps)]
    alone = [carried_on(talk(f"t{number}-", few), REPLIES) for number, few in enumerate(steps)]
    assert carried_on(together(talks), REPLIES) == alone


def test_what_dialogues_ask_of_one_kind_is_asked_at_once() -> None:
    asked: list[int] = []

    def counting(request: Ask) -> tuple[Answer, ...]:
        asked.append(len(request.prompts))
        return echo(request)

    carried_on(together([talk("a", [2, 1]), talk("b", [3])]), REPLIES | {Ask: counting})
    assert asked == [5, 1]
