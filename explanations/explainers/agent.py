"""An agent finds out by trying: it says what it believes, proposes inputs, is told what they do.

Any chat model can follow the protocol, plain lines of text (see `turns`). A turn that breaks it is
answered with what is wrong with it; after `mistakes` of them in a row the attempt has failed. The
agent ends by itself, or is asked for its answer after `steps` turns with probes. It begins from
some records. Of a neuron, and of a function that gives each token of a text an activation, those
are the highest, and all is told from 0 to 10 of the maximum. A function from numbers to numbers or
strings to strings, known by its records, is told by inputs and outputs as they are.

Source of the idea: Schwettmann et al. (2023), the automated interpretability agent of FIND; Rott
Shaham et al. (2024), MAIA.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from explanations.explainers import prompt_format, token_activation
from explanations.explainers.agent_protocol import RULES, Turn, parse
from explanations.explainers.base import Config, Explainer
from explanations.explainers.parse_explanation import spoken
from explanations.explainers.prompt_format import spread
from explanations.ground_truth.pairs import Pair, pair_of, written
from explanations.methods.requests import ComputeActivations, Dialogue, Generate, Need, send
from explanations.methods.values import SHOWN, Explained, Material, Message, Prompt, Unusable
from explanations.records import AuthorKind, TokenActivations

DEFAULTS: dict[str, Any] = {
    "records": 5,
    "repeat_below": 0.2,
    "steps": 6,
    "probes": 5,
    "mistakes": 3,
    "max_tokens": 600,
    "temperature": 0.0,
}

NEURON = """\
You find out what one neuron of a language model responds to. You try texts of your own, and for \
each you are told on which tokens the neuron fires, from 1 to 10, its strongest firing; all other \
tokens leave it silent."""

FUNCTION = """\
You find out what an unknown function does. You try inputs of your own, and for each you are told \
what the function gives. It may do one thing on some inputs and another elsewhere, and what it \
gives may be noisy: try an input again to see."""

NEURON_ANSWER = "one short phrase for what the neuron responds to"
FUNCTION_ANSWER = "what the function does, on one line: its rule, and where it does otherwise"


@dataclass(slots=True, kw_only=True)
class _Talk:
    """A conversation so far: its turns, what was observed, mistakes in a row, probing turns."""

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
        """The conversation as it is kept."""
        return [{"role": turn.role, "content": turn.content} for turn in self.turns]

    def explained(self, answer: str) -> Explained:
        """Give the answer, with all that was said and tried."""
        shown = [list(record.tokens) for record in self.observed]
        details = {"transcript": self.transcript, "steps": self.steps, SHOWN: shown}
        return Explained(text=answer, details=details)

    def failed(self, reason: str, raw: str = "") -> Unusable:
        """Give up, with all that was said, and what came back last."""
        said = [f"{turn.role}: {turn.content}" for turn in self.turns]
        return Unusable(reason=reason, raw="\n\n".join([*said, raw]).strip())


def explain(material: Material, config: Config, _seed: int) -> Dialogue[Explained | Unusable]:
    """Take turns until the agent answers or breaks the protocol too often.

    Before anything is paid for, the first record is run again, to see that the subject is at hand.
    """
    settings = {**DEFAULTS, **config}
    records = material.excerpts
    function = material.function and bool(records) and all(map(pair_of, records))
    shown = spread(len(records), settings["records"]) if function else range(settings["records"])
    opening = _opening(material, shown, settings, function=function)
    if isinstance(opening, Unusable):
        return opening
    pair = pair_of(records[0]) if function else None
    (there,) = yield from send(
        ComputeActivations([written(pair.given) if pair else records[0].text])
    )
    if isinstance(there, Unusable):
        return Unusable(reason=f"the subject cannot be run: {there.reason}", raw=there.raw)
    talk = _Talk(turns=[Message(role="user", content=opening)], function=function)
    while True:
        turn = yield from _turn(talk, settings)
        if isinstance(turn, Unusable):
            return turn
        if turn.answer:
            return replace(talk.explained(turn.answer), used=shown)
        if turn.probes:
            yield from _probe(talk, turn.probes, material.maximum, settings["steps"])


def _opening(
    material: Material, shown: Sequence[int], settings: Config, *, function: bool
) -> str | Unusable:
    """Return what the agent is told first."""
    if function:
        pairs = [pair_of(material.excerpts[place]) for place in shown]
        given = [f"{prompt_format.one_line(written(p.given))} -> {_output(p)}" for p in pairs if p]
        return "\n".join(["Some inputs and what the function gives:", "", *given])
    excerpts = token_activation.seen(material, shown)
    if isinstance(excerpts, Unusable):
        return excerpts
    told = prompt_format.excerpts(excerpts, settings["repeat_below"])
    return f"Excerpts on which the neuron fires, a token on each line:\n\n{told}"


def _output(pair: Pair) -> str:
    return prompt_format.one_line(written(pair.output))


def _turn(talk: _Talk, settings: Config) -> Dialogue[Turn | Unusable]:
    """Have the agent say something; an empty turn is one that it must mend."""
    (answer,) = yield from send(Generate([prompt(talk.turns, settings, function=talk.function)]))
    if isinstance(answer, Unusable):
        return talk.failed(answer.reason, answer.raw)
    talk.say("assistant", answer.text)
    said = spoken(answer)
    if isinstance(said, Unusable):
        return talk.failed(said.reason)
    left = settings["steps"] - talk.steps
    turn = parse(said, settings["probes"] if left > 0 else 0)
    if isinstance(turn, Turn):
        talk.mistakes = 0
        return turn
    talk.mistakes += 1
    if talk.mistakes >= settings["mistakes"]:
        return talk.failed(f"the model broke the protocol {talk.mistakes} times in a row: {turn}")
    talk.say("user", f"{turn} Write the turn again.")
    return Turn()


def prompt(turns: Sequence[Message], config: Config, *, function: bool) -> Prompt:
    """Put the rules before a conversation."""
    settings = {**DEFAULTS, **config}
    rules = RULES.format(
        answer=FUNCTION_ANSWER if function else NEURON_ANSWER,
        probes=settings["probes"],
        steps=settings["steps"],
    )
    system = f"{FUNCTION if function else NEURON}\n\n{rules}"
    return Prompt(
        messages=(Message(role="system", content=system), *turns),
        max_tokens=settings["max_tokens"],
        temperature=settings["temperature"],
    )


def _probe(talk: _Talk, probes: tuple[str, ...], maximum: float, steps: int) -> Dialogue[None]:
    """Tell the agent what its inputs did, or why one could not be run."""
    replies = yield from send(ComputeActivations(probes))
    talk.steps += 1
    talk.observed += [reply for reply in replies if isinstance(reply, TokenActivations)]
    told = [
        f"{number}. {prompt_format.one_line(text)}\n"
        f"   {_told(reply, maximum, function=talk.function)}"
        for number, (text, reply) in enumerate(zip(probes, replies, strict=True), 1)
    ]
    left = steps - talk.steps
    rest = f"Turns with probes left: {left}." if left else "No probes are left: write your ANSWER."
    talk.say("user", "\n".join([*told, "", rest]))


def _told(reply: TokenActivations | Unusable, maximum: float, *, function: bool) -> str:
    if isinstance(reply, Unusable):
        return f"could not be run: {reply.reason}"
    pair = pair_of(reply) if function else None
    return _output(pair) if pair else prompt_format.observed(reply, maximum)


EXPLAINER = Explainer(
    name="agent",
    version=1,
    author=AuthorKind.MODEL,
    explain=explain,
    needs=frozenset({Need.MODEL, Need.SUBJECT}),
    default_config=DEFAULTS,
)
