"""A language model plays the neuron: for every token of a text it says how strongly that fires.

There are three ways, and `way` forces one; "auto" takes the first that the model can:

- "one_pass": it reads the text once with every number unknown, and a token's value is the
  expectation over 0 to 10 of what it foresees there;
- "generated": it writes each token again with a number behind it, several texts in one answer, and
  the value is the expectation where the number was written;
- "written": the same, and the value is the number itself.

A token that an answer does not give back has no value, and a text of which less than half comes
back is unusable. Where a tokenizer splits "10" the first two ways count from 0 to 9, and what they
give is stretched to zero_to_ten. The way and the numbers are kept with the simulation.

Source of the scheme: Bills et al. (2023), "Language models can explain neurons in language models".
"""

from typing import Any

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
from explanations.simulators.base import Config, Excerpts, Outcomes, Simulator
from explanations.simulators.calibration import KINDS
from explanations.simulators.llm_parse import LEAST, expectation, parse
from explanations.simulators.llm_prompt import passage, question

WAYS = ("one_pass", "generated", "written")
DEFAULTS: dict[str, Any] = {
    "way": "auto",
    "top_logprobs": 15,
    "excerpts_a_prompt": 10,
    "calibration": "none",
}


def simulate(explanation: str, excerpts: Excerpts, config: Config) -> Dialogue[Outcomes]:
    """Play the neuron on each excerpt, in the way that is set or that the model can."""
    settings = {**DEFAULTS, **config}
    if settings["way"] not in ("auto", *WAYS):
        raise ValueError(f"way is one of auto, {', '.join(WAYS)}, not {settings['way']!r}")
    written = settings["way"] == "written"
    able = (
        Capabilities(number_logprobs=False, logprobs=False)
        if written
        else (yield from send(GetCapabilities()))
    )
    way, top = chosen(settings["way"], able), len(able.numbers) - 1
    if way == "one_pass":
        outcomes = yield from _read(explanation, excerpts, top)
    else:
        top_logprobs = settings["top_logprobs"] if way == "generated" else 0
        few = max(1, int(settings["excerpts_a_prompt"]))
        outcomes = yield from _asked(explanation, excerpts, top, top_logprobs, few)
    made = {"way": way, "numbers": f"0 to {top}"}
    return [
        Simulated(values=each.values, details=made) if isinstance(each, Simulated) else each
        for each in outcomes
    ]


def chosen(way: str, able: Capabilities) -> str:
    """Return the way that is taken; `ValueError` for one that the model cannot go."""
    can = {"one_pass": able.number_logprobs, "generated": able.logprobs, "written": True}
    if way == "auto":
        return next(each for each in WAYS if can[each])
    if not can[way]:
        raise ValueError(
            f'this language model cannot be used in the way {way!r}: set `way` to "auto"'
        )
    return way


def _read(explanation: str, excerpts: Excerpts, top: int) -> Dialogue[Outcomes]:
    passages = [passage(explanation, tokens, top=top) for tokens in excerpts]
    readings = yield from send(PredictNumbers(passages))
    return [
        reading if isinstance(reading, Unusable) else _expected(reading, asked, top)
        for reading, asked in zip(readings, passages, strict=True)
    ]


def _expected(foreseen: NumberLogprobs, asked: NumberPrompt, top: int) -> Simulated | Unusable:
    """Return the expectation at each place; nan where no number was foreseen."""
    values = np.full(len(asked.parts), np.nan, dtype=np.float32)
    for place, logprobs in enumerate(foreseen.logprobs):
        try:
            values[place] = expectation(logprobs, top)
        except ValueError:
            continue
    known = int(np.isfinite(values).sum())
    if known < max(1, LEAST * values.size):
        return Unusable(reason=f"a number is foreseen on {known} of {values.size} tokens")
    return Simulated(values=values)


def _asked(
    explanation: str, excerpts: Excerpts, top: int, top_logprobs: int, few: int
) -> Dialogue[Outcomes]:
    groups = [excerpts[start : start + few] for start in range(0, len(excerpts), few)]
    prompts = [question(explanation, group, top=top, top_logprobs=top_logprobs) for group in groups]
    answers = yield from send(Generate(prompts))
    outcomes: Outcomes = []
    for answer, group in zip(answers, groups, strict=True):
        if isinstance(answer, Unusable):
            outcomes += [answer] * len(group)
        else:
            outcomes += parse(answer, group, top=top)
    return outcomes


SIMULATOR = Simulator(
    name="llm",
    version=2,
    simulate=simulate,
    needs=frozenset({Need.MODEL}),
    default_config=DEFAULTS,
    choices={"way": ("auto", *WAYS), "calibration": KINDS},
)
