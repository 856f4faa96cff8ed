"""A language model sees texts on which the neuron fires, and similar ones on which it is silent.

Those are texts on which similar neurons fire, if the subject shows that this one is silent on them:
below `silent_below` of its maximum. Where there are too few, or no subject to run, the neuron's own
silent records that are most similar to its highest are added.

Source of the idea: hard negatives in EleutherAI's delphi.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from explanations.explainers import parse_explanation
from explanations.explainers.base import Explainer, Want
from explanations.explainers.prompt_format import (
    Excerpts,
    example,
    excerpt_text,
    one_line,
    shown_excerpts,
)
from explanations.explainers.tfidf import most_similar
from explanations.explainers.token_activation import EXAMPLES, LEAD, TokenActivationSettings
from explanations.methods.requests import ComputeActivations, Dialogue, Need, send
from explanations.methods.values import SHOWN, Explained, Material, Prompt, Unusable
from explanations.records import AuthorKind, TokenActivations


@dataclass(frozen=True, slots=True, kw_only=True)
class ContrastiveSettings(TokenActivationSettings):
    """How many silent texts are shown, how many are tried, and what counts as silent."""

    negatives: int = 5
    tried: int = 12
    silent_below: float = 0.1


SYSTEM = """\
You study single neurons of a language model. You are given excerpts of text on which one neuron \
fires: one token per line, followed by a tab and the neuron's activation on it, from 0 (silent) \
to 10 (the highest activation that the neuron ever showed). Then you are given whole texts that \
look similar but leave the neuron silent. Say in one short phrase what the neuron responds to: \
what the tokens with the highest activations have in common and none of the silent texts has. If \
an idea also fits a silent text, it is too broad: make it narrower. Do not describe the silent \
texts. Write only the phrase."""

SILENT = "Similar texts on which the neuron is silent:"

# For each of the examples of `token_activation`, texts on which its neuron is silent.
SIMILAR = (
    ("She took the oven glove off its hook.", "The pizza came out of the fridge stone cold."),
    ("Other than that, the walk was fine.", "The second bus was just as late and as full."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contrast:
    """Silent texts: the tokens of similar neurons' texts, and the indices of own excerpts."""

    neighbours: tuple[tuple[str, ...], ...]
    own: tuple[int, ...]
    fired: int
    unseen: str

    @property
    def details(self) -> dict[str, Any]:
        """Return where the silent texts are from, how many fired, and why any was not run."""
        counts = {"neighbours": len(self.neighbours), "own": len(self.own), "fired": self.fired}
        shown = [list(tokens) for tokens in self.neighbours]
        return {"negatives": {**counts, "unseen": self.unseen}, SHOWN: shown}


def explain(material: Material, settings: ContrastiveSettings) -> Dialogue[Explained | Unusable]:
    """Ask once, after the subject showed which of the similar neurons' texts are silent."""
    shown = range(settings.records)
    excerpts = shown_excerpts(material, shown)
    if isinstance(excerpts, Unusable):
        return excerpts
    contrast = yield from _contrast(material, settings)
    own = [material.excerpts[index].text for index in contrast.own]
    texts = ["".join(tokens) for tokens in contrast.neighbours] + own
    if not texts:
        return Unusable(reason="no text is known that leaves the neuron silent")
    outcome = yield from parse_explanation.ask(prompt(excerpts, texts, settings))
    if isinstance(outcome, Unusable):
        return outcome
    return replace(outcome, used=(*shown, *contrast.own), details=contrast.details)


def _contrast(material: Material, settings: ContrastiveSettings) -> Dialogue[_Contrast]:
    """Return `negatives` silent texts: of similar neurons as far as possible, then own ones."""
    limit, wanted = settings.silent_below * material.maximum, settings.negatives
    tried = material.negatives[: settings.tried]
    replies: tuple[TokenActivations | Unusable, ...] = ()
    if tried:
        replies = yield from send(ComputeActivations("".join(tokens) for tokens in tried))
    observed = [reply for reply in replies if isinstance(reply, TokenActivations)]
    silent = [reply.tokens for reply in observed if reply.peak < limit]
    unseen = [reply.reason for reply in replies if isinstance(reply, Unusable)]
    neighbours = tuple(silent[:wanted])
    return _Contrast(
        neighbours=neighbours,
        own=_own(material, settings.records, limit)[: wanted - len(neighbours)],
        fired=len(observed) - len(silent),
        unseen=unseen[0] if unseen else "",
    )


def _own(material: Material, after: int, limit: float) -> tuple[int, ...]:
    """Return the indices of silent excerpts, those most similar to the first `after` first."""
    indices = [
        index
        for index, record in enumerate(material.excerpts)
        if index >= after and record.peak < limit
    ]
    tops = chain.from_iterable(record.tokens for record in material.excerpts[:after])
    ranked = most_similar([material.excerpts[index].tokens for index in indices], tops)
    return tuple(indices[rank] for rank in ranked)


def prompt(excerpts: Excerpts, silent: Iterable[str], settings: ContrastiveSettings) -> Prompt:
    """Return a prompt with excerpts and their activations, and with silent texts."""

    def question(shown: Excerpts, silent: Iterable[str]) -> str:
        texts = "\n".join(f"- {one_line(text)}" for text in silent)
        parts = (excerpt_text(shown, settings.repeat_below), f"{SILENT}\n{texts}", f"{LEAD} ...")
        return "\n\n".join(parts)

    return Prompt.few_shot(
        SYSTEM,
        [
            (question(example(*texts), similar), about)
            for (texts, about), similar in zip(EXAMPLES, SIMILAR, strict=True)
        ],
        question(excerpts, silent),
        max_tokens=settings.max_tokens,
    )


EXPLAINER = Explainer(
    name="contrastive",
    version=2,
    author=AuthorKind.MODEL,
    run=explain,
    settings=ContrastiveSettings,
    needs=frozenset({Need.MODEL, Need.SUBJECT}),
    wants=frozenset({Want.NEGATIVES}),
)
