"""An agent finds out by experiment: it writes a hypothesis, proposes inputs, and gets the results.

Any chat model can follow the protocol, plain lines of text (see `agent_protocol`). A turn that
breaks it is answered with what is wrong; after `mistakes` of them in a row the attempt has failed.
The agent ends when it answers, or is asked for its answer after `steps` turns with probes. It
begins with some records. Of a neuron, and of a function that gives each token of a text an
activation, those are the highest, and results are given from 0 to 10 of the maximum. A function
from numbers to numbers or strings to strings, known by its records, is shown as inputs and outputs.

Source of the idea: Schwettmann et al. (2023), the automated interpretability agent of FIND; Rott
Shaham et al. (2024), MAIA.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from explanations.explainers.agent_protocol import RULES, Turn, parse
from explanations.explainers.base import Explainer
from explanations.explainers.parse_explanation import without_thinking
from explanations.explainers.prompt_format import (
    excerpt_text,
    firing_tokens,
    one_line,
    shown_excerpts,
    spread,
)
from explanations.ground_truth.pairs import Pair, pair_of, written
from explanations.methods.base import Settings
from explanations.methods.requests import ComputeActivations, Dialogue, Generate, Need, send
from explanations.methods.values import SHOWN, Explained, Material, Message, Prompt, Unusable
from explanations.records import AuthorKind, TokenActivations


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings(Settings):
    """How many records are shown, and how many turns, probes a turn and mistakes in a row."""

    records: int = 5
    repeat_below: float = 0.2
    steps: int = 6
    probes: int = 5
    mistakes: int = 3
    max_tokens: int = 600
    temperature: float = 0.0


NEURON = """\
Find out what one neuron of a language model responds to. You try texts of your own. For each you \
get the tokens on which the neuron fires, with its activation from 1 to 10 (the highest activation \
that the neuron ever showed); on all other tokens it is silent."""

FUNCTION = """\
Find out what an unknown function does. You try inputs of your own and get the function's output \
for each. The function may follow one rule on some inputs and another rule on others, and its \
outputs may be noisy: try an input again to find out."""

NEURON_ANSWER = "one short phrase for what the neuron responds to"
FUNCTION_ANSWER = "what the function does, on one line: its rule, and the inputs where it differs"


@dataclass(slots=True, kw_only=True)
class _Conversation:
    """A conversation so far: its turns, the results, mistakes in a row, and turns with probes."""

    turns: list[Message]
    function: bool
    observed: list[TokenActivations] = field(default_factory=list)
    mistakes: int = 0
    steps: int = 0

    def say(self, role: Literal["user", "assistant"], content: str) -> None:
        """Add a turn."""
        self.turns.append(Message(role=role, content=content))

    @property
    def transcript(self) -> list[dict[str, str]]:
        """Return the conversation as it is stored."""
        return [{"role": turn.role, "content": turn.content} for turn in self.turns]

    def explained(self, answer: str) -> Explained:
        """Return the answer, with the conversation and the probes."""
        shown = [list(record.tokens) for record in self.observed]
        details = {"transcript": self.transcript, "steps": self.steps, SHOWN: shown}
        return Explained(text=answer, details=details)

    def failed(self, reason: str, raw: str = "") -> Unusable:
        """Return a failure with the conversation and what came back last."""
        turns = [f"{turn.role}: {turn.content}" for turn in self.turns]
        return Unusable(reason=reason, raw="\n\n".join([*turns, raw]).strip())


def explain(material: Material, settings: AgentSettings) -> Dialogue[Explained | Unusable]:
    """Take turns until the agent answers or breaks the protocol too often.

    Before anything is paid for, the first record is run again, to check that the subject can be.
    """
    records = material.excerpts
    function = material.function and bool(records) and all(map(pair_of, records))
    shown = spread(len(records), settings.records) if function else range(settings.records)
    opening = _opening(material, shown, settings, function=function)
    if isinstance(opening, Unusable):
        return opening
    pair = pair_of(records[0]) if function else None
    (there,) = yield from send(
        ComputeActivations([written(pair.given) if pair else records[0].text])
    )
    if isinstance(there, Unusable):
        return Unusable(reason=f"the subject cannot be run: {there.reason}", raw=there.raw)
    conversation = _Conversation(turns=[Message(role="user", content=opening)], function=function)
    while True:
        turn = yield from _turn(conversation, settings)
        if isinstance(turn, Unusable):
            return turn
        if turn.answer:
            return replace(conversation.explained(turn.answer), used=shown)
        if turn.probes:
            yield from _probe(conversation, turn.probes, material.maximum, settings.steps)


def _opening(
    material: Material, shown: Sequence[int], settings: AgentSettings, *, function: bool
) -> str | Unusable:
    """Return the first message to the agent."""
    if function:
        pairs = [pair_of(material.excerpts[index]) for index in shown]
        given = [f"{one_line(written(p.given))} -> {_output(p)}" for p in pairs if p]
        return "\n".join(["Some inputs and the function's outputs:", "", *given])
    excerpts = shown_excerpts(material, shown)
    if isinstance(excerpts, Unusable):
        return excerpts
    text = excerpt_text(excerpts, settings.repeat_below)
    return f"Excerpts on which the neuron fires, one token per line:\n\n{text}"


def _output(pair: Pair) -> str:
    return one_line(written(pair.output))


def _turn(conversation: _Conversation, settings: AgentSettings) -> Dialogue[Turn | Unusable]:
    """Return the agent's next turn; an empty one if it broke the protocol and was told so."""
    asked = prompt(conversation.turns, settings, function=conversation.function)
    (answer,) = yield from send(Generate([asked]))
    if isinstance(answer, Unusable):
        return conversation.failed(answer.reason, answer.raw)
    conversation.say("assistant", answer.text)
    text = without_thinking(answer)
    if isinstance(text, Unusable):
        return conversation.failed(text.reason)
    left = settings.steps - conversation.steps
    turn = parse(text, settings.probes if left > 0 else 0)
    if isinstance(turn, Turn):
        conversation.mistakes = 0
        return turn
    conversation.mistakes += 1
    mistakes = conversation.mistakes
    if mistakes >= settings.mistakes:
        return conversation.failed(
            f"the model broke the protocol {mistakes} times in a row: {turn}"
        )
    conversation.say("user", f"{turn} Write the turn again.")
    return Turn()


def prompt(turns: Sequence[Message], settings: AgentSettings, *, function: bool) -> Prompt:
    """Return a prompt with the rules before the conversation."""
    rules = RULES.format(
        answer=FUNCTION_ANSWER if function else NEURON_ANSWER,
        probes=settings.probes,
        steps=settings.steps,
    )
    system = f"{FUNCTION if function else NEURON}\n\n{rules}"
    return Prompt(
        messages=(Message(role="system", content=system), *turns),
        max_tokens=settings.max_tokens,
        temperature=settings.temperature,
    )


def _probe(
    conversation: _Conversation, probes: tuple[str, ...], maximum: float, steps: int
) -> Dialogue[None]:
    """Run the agent's inputs, and add the results to the conversation."""
    replies = yield from send(ComputeActivations(probes))
    conversation.steps += 1
    conversation.observed += [reply for reply in replies if isinstance(reply, TokenActivations)]
    results = [
        f"{number}. {one_line(text)}\n   {_result(reply, maximum, function=conversation.function)}"
        for number, (text, reply) in enumerate(zip(probes, replies, strict=True), 1)
    ]
    left = steps - conversation.steps
    rest = f"Turns with probes left: {left}." if left else "No probes are left: write your ANSWER."
    conversation.say("user", "\n".join([*results, "", rest]))


def _result(reply: TokenActivations | Unusable, maximum: float, *, function: bool) -> str:
    if isinstance(reply, Unusable):
        return f"could not be run: {reply.reason}"
    pair = pair_of(reply) if function else None
    return _output(pair) if pair else firing_tokens(reply, maximum)


EXPLAINER = Explainer(
    name="agent",
    version=2,
    author=AuthorKind.MODEL,
    run=explain,
    settings=AgentSettings,
    needs=frozenset({Need.MODEL, Need.SUBJECT}),
)
