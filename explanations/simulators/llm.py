"""A language model simulates the neuron: it predicts the activation of every token of a text.

There are three ways, and `way` forces one; "auto" takes the first that the model supports:

- "one_pass": it reads the text once with every number unknown, and a token's value is the
  expectation over 0 to 10 of the number that it predicts there;
- "generated": it writes each token again with a number after it, several texts in one answer, and
  the value is the expectation where the number was written;
- "written": the same, and the value is the number itself.

A token that is missing from the answer has no value, and a text of which less than half comes back
is unusable. Where a tokenizer splits "10" the first two ways count from 0 to 9, and values are
scaled to zero_to_ten. The way and the numbers are stored with the simulation.

Source of the scheme: Bills et al. (2023), "Language models can explain neurons in language models".
"""

from dataclasses import dataclass

import numpy as np

from explanations.methods.requests import (
    Capabilities,
    Dialogue,
    Generate,
    GetCapabilities,
    Need,
    NumberLogprobs,
    NumberPrompt,
    PredictNumbers,
    send,
)
from explanations.methods.values import Simulated, Unusable
from explanations.simulators.base import Excerpts, Outcomes, Simulator, SimulatorSettings
from explanations.simulators.calibration import KINDS
from explanations.simulators.llm_parse import LEAST, expectation, parse
from explanations.simulators.llm_prompt import number_prompt, question

WAYS = ("one_pass", "generated", "written")


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMSettings(SimulatorSettings):
    """The way, how many alternatives are read per token, and how many excerpts a prompt has."""

    way: str = "auto"
    top_logprobs: int = 15
    excerpts_a_prompt: int = 10


def simulate(explanation: str, excerpts: Excerpts, settings: LLMSettings) -> Dialogue[Outcomes]:
    """Simulate each excerpt, in the way that is set or that the model supports."""
    if settings.way not in ("auto", *WAYS):
        raise ValueError(f"way is one of auto, {', '.join(WAYS)}, not {settings.way!r}")
    capabilities = Capabilities(number_logprobs=False, logprobs=False)
    if settings.way != "written":
        capabilities = yield from send(GetCapabilities())
    way, top = chosen(settings.way, capabilities), len(capabilities.numbers) - 1
    if way == "one_pass":
        outcomes = yield from _predicted(explanation, excerpts, top)
    else:
        top_logprobs = settings.top_logprobs if way == "generated" else 0
        size = max(1, settings.excerpts_a_prompt)
        outcomes = yield from _written(explanation, excerpts, top, top_logprobs, size)
    details = {"way": way, "numbers": f"0 to {top}"}
    return [
        Simulated(values=each.values, details=details) if isinstance(each, Simulated) else each
        for each in outcomes
    ]


def chosen(way: str, capabilities: Capabilities) -> str:
    """Return the way that is taken; `ValueError` for one that the model does not support."""
    supported = {
        "one_pass": capabilities.number_logprobs,
        "generated": capabilities.logprobs,
        "written": True,
    }
    if way == "auto":
        return next(each for each in WAYS if supported[each])
    if not supported[way]:
        raise ValueError(f'this language model does not support {way!r}: set `way` to "auto"')
    return way


def _predicted(explanation: str, excerpts: Excerpts, top: int) -> Dialogue[Outcomes]:
    prompts = [number_prompt(explanation, tokens, top=top) for tokens in excerpts]
    replies = yield from send(PredictNumbers(prompts))
    return [
        reply if isinstance(reply, Unusable) else _expected(reply, prompt, top)
        for reply, prompt in zip(replies, prompts, strict=True)
    ]


def _expected(reply: NumberLogprobs, prompt: NumberPrompt, top: int) -> Simulated | Unusable:
    """Return the expectation at each position; nan where no number was predicted."""
    values = np.full(len(prompt.parts), np.nan, dtype=np.float32)
    for position, logprobs in enumerate(reply.logprobs):
        try:
            values[position] = expectation(logprobs, top)
        except ValueError:
            continue
    known = int(np.isfinite(values).sum())
    if known < max(1, LEAST * values.size):
        return Unusable(reason=f"a number is predicted for {known} of {values.size} tokens")
    return Simulated(values=values)


def _written(
    explanation: str, excerpts: Excerpts, top: int, top_logprobs: int, size: int
) -> Dialogue[Outcomes]:
    groups = [excerpts[start : start + size] for start in range(0, len(excerpts), size)]
    answers = yield from send(
        Generate(question(explanation, each, top=top, top_logprobs=top_logprobs) for each in groups)
    )
    outcomes: Outcomes = []
    for answer, group in zip(answers, groups, strict=True):
        if isinstance(answer, Unusable):
            outcomes += [answer] * len(group)
        else:
            outcomes += parse(answer, group, top=top)
    return outcomes


SIMULATOR = Simulator(
    name="llm",
    version=3,
    run=simulate,
    settings=LLMSettings,
    needs=frozenset({Need.MODEL}),
    choices={"way": ("auto", *WAYS), "calibration": KINDS},
)
