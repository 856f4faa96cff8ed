"""A language model is shown, beside what the neuron fires on, texts that look alike but do not.

Those are texts on which neurons like this one fire, if the subject shows that this one is silent on
them: below `silent_below` of its maximum. Where there are too few, or no subject to run, the
neuron's own silent records that look most like its highest fill up.

Source of the idea: hard negatives in EleutherAI's delphi.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from explanations.explainers import parse_explanation, prompt_format
from explanations.explainers.base import Config, Explainer, Want
from explanations.explainers.tfidf import likest
from explanations.explainers.token_activation import EXAMPLES, LEAD, seen
from explanations.methods.requests import ComputeActivations, Dialogue, Need, send
from explanations.methods.values import SHOWN, Explained, Material, Message, Prompt, Unusable
from explanations.records import AuthorKind, TokenActivations

DEFAULTS: dict[str, Any] = {
    "records": 5,
    "negatives": 5,
    "tried": 12,
    "silent_below": 0.1,
    "repeat_below": 0.2,
    "max_tokens": 120,
}

SYSTEM = """\
You study single neurons of a language model. You are given excerpts of text on which one neuron \
fires, one token on each line with its activation behind it: 0 is silence, 10 the strongest firing \
that the neuron ever showed. Then you are given whole texts that look much the same but leave the \
neuron silent. Say in one short phrase what the neuron responds to: what the strongest activations \
have in common and none of the silent texts has. If an idea also fits a silent text, it is too \
broad: narrow it down. Do not describe the silent texts and do not write anything but the phrase."""

SILENT = "Texts that look alike, on which the neuron is silent:"

# For each of the examples of `token_activation`, texts that leave its neuron silent.
ALIKE = (
    ("She took the oven glove off its hook.", "The pizza came out of the fridge stone cold."),
    ("Other than that, the walk was fine.", "The second bus was just as late and as full."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contrast:
    """Silent texts: of neighbours, as the subject's tokens, and the places of own excerpts."""

    neighbours: tuple[tuple[str, ...], ...]
    own: tuple[int, ...]
    fired: int
    unseen: str

    @property
    def details(self) -> dict[str, Any]:
        """Say where the silent texts are from, how many others fired, why any was not seen."""
        counts = {"neighbours": len(self.neighbours), "own": len(self.own), "fired": self.fired}
        shown = [list(tokens) for tokens in self.neighbours]
        return {"negatives": {**counts, "unseen": self.unseen}, SHOWN: shown}


def explain(material: Material, config: Config, _seed: int) -> Dialogue[Explained | Unusable]:
    """Ask once, after the subject showed which of the neighbours' texts leave it silent."""
    settings = {**DEFAULTS, **config}
    shown = range(settings["records"])
    excerpts = seen(material, shown)
    if isinstance(excerpts, Unusable):
        return excerpts
    contrast = yield from _contrast(material, settings)
    own = [material.excerpts[place].text for place in contrast.own]
    texts = ["".join(tokens) for tokens in contrast.neighbours] + own
    if not texts:
        return Unusable(reason="no text is known that leaves the neuron silent")
    outcome = yield from parse_explanation.asked(prompt(excerpts, texts, settings))
    if isinstance(outcome, Unusable):
        return outcome
    return replace(outcome, used=(*shown, *contrast.own), details=contrast.details)


def _contrast(material: Material, settings: Config) -> Dialogue[_Contrast]:
    """Choose `negatives` silent texts: neighbours' as far as they go, then the neuron's own."""
    limit, wanted = settings["silent_below"] * material.maximum, settings["negatives"]
    tried = material.negatives[: settings["tried"]]
    replies: tuple[TokenActivations | Unusable, ...] = ()
    if tried:
        replies = yield from send(ComputeActivations(tuple("".join(tokens) for tokens in tried)))
    observed = [reply for reply in replies if isinstance(reply, TokenActivations)]
    silent = [reply.tokens for reply in observed if reply.peak < limit]
    unseen = [reply.reason for reply in replies if isinstance(reply, Unusable)]
    neighbours = tuple(silent[:wanted])
    return _Contrast(
        neighbours=neighbours,
        own=_own(material, settings["records"], limit)[: wanted - len(neighbours)],
        fired=len(observed) - len(silent),
        unseen=unseen[0] if unseen else "",
    )


def _own(material: Material, after: int, limit: float) -> tuple[int, ...]:
    """Return the places of silent excerpts, those first that look most like the first `after`."""
    places = [
        place
        for place, record in enumerate(material.excerpts)
        if place >= after and record.peak < limit
    ]
    tops = chain.from_iterable(record.tokens for record in material.excerpts[:after])
    ranked = likest([material.excerpts[place].tokens for place in places], tops)
    return tuple(places[rank] for rank in ranked)


def prompt(
    excerpts: Sequence[Sequence[prompt_format.Line]], silent: Iterable[str], config: Config
) -> Prompt:
    """Show excerpts with activations, and silent texts as they are written."""
    settings = {**DEFAULTS, **config}
    messages = [Message(role="system", content=SYSTEM)]
    for (texts, about), alike in zip(EXAMPLES, ALIKE, strict=True):
        shown = [prompt_format.example(*text) for text in texts]
        messages.append(_question(shown, alike, settings["repeat_below"]))
        messages.append(Message(role="assistant", content=about))
    messages.append(_question(excerpts, silent, settings["repeat_below"]))
    return Prompt(messages=tuple(messages), max_tokens=settings["max_tokens"])


def _question(
    excerpts: Sequence[Sequence[prompt_format.Line]], silent: Iterable[str], repeat_below: float
) -> Message:
    alike = "\n".join(f"- {prompt_format.one_line(text)}" for text in silent)
    parts = (prompt_format.excerpts(excerpts, repeat_below), f"{SILENT}\n{alike}", f"{LEAD} ...")
    return Message(role="user", content="\n\n".join(parts))


EXPLAINER = Explainer(
    name="contrastive",
    version=1,
    author=AuthorKind.MODEL,
    explain=explain,
    needs=frozenset({Need.MODEL, Need.SUBJECT}),
    wants=frozenset({Want.NEGATIVES}),
    default_config=DEFAULTS,
)
