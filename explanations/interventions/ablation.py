"""Many texts at once: what neurons do, and what the model says when they are set otherwise."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import linear

from explanations.interventions.clamping import Held, check_neuron, holding, predicting
from explanations.methods.values import Unusable
from explanations.records import NeuronRef, Scale, TokenActivations
from explanations.subjects.base import Batch, Subject, enough_memory
from explanations.subjects.transformers_mlp import TransformersMLP

ROWS = 2**22
"""Logits that are computed at once: 32 MB of float64, a few times over."""

Divergences: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A text, and the neuron that is looked at on it."""

    ref: NeuronRef
    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replaced:
    """An excerpt's tokens, and the raw values that a neuron is set to on them.

    `values` is float [variants, tokens]: each variant is an experiment of its own.
    """

    ref: NeuronRef
    tokens: tuple[str, ...]
    values: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.tokens):
            raise ValueError(f"{len(self.tokens)} tokens but values of shape {self.values.shape}")


def observe(subject: Subject, looked: Sequence[Looked]) -> list[TokenActivations | Unusable]:
    """Return what each neuron does on its text, in order; texts are read once for all neurons.

    A text is cut where the subject reads no further. One without a token is `Unusable`. Raises
    `SubjectError` for a neuron that is not there.
    """
    for each in looked:
        check_neuron(subject, each.ref)
    texts = list(dict.fromkeys(each.text for each in looked))
    places = {text: place for place, text in enumerate(texts)}
    wanted: dict[int, list[int]] = defaultdict(list)
    for number, each in enumerate(looked):
        wanted[places[each.text]].append(number)
    nothing = Unusable(reason="the subject finds no token in the text")
    found: list[TokenActivations | Unusable] = [nothing] * len(looked)
    for batch in subject.encode(texts):
        for number, excerpt in _observed(subject, batch, looked, wanted):
            found[number] = excerpt
    return found


def _observed(
    subject: Subject, batch: Batch, looked: Sequence[Looked], wanted: dict[int, list[int]]
) -> Iterator[tuple[int, TokenActivations]]:
    own = [(row, number) for row, place in enumerate(batch.texts) for number in wanted[place]]
    taken: dict[int, torch.Tensor] = {}

    def take(layer: int, values: torch.Tensor) -> None:
        for row, number in own:
            if looked[number].ref.layer == layer:
                span = slice(batch.first, batch.first + batch.lengths[row])
                taken[number] = values[row, span, looked[number].ref.index].float().cpu()

    subject.run(batch, take)
    for row, number in own:
        yield (
            number,
            TokenActivations(
                tokens=batch.pieces[row], activations=taken[number].numpy(), scale=Scale.RAW
            ),
        )


def divergences(subject: Subject, replaced: Sequence[Replaced]) -> list[Divergences | Unusable]:
    """Return how far replacing a neuron's values moves what the model says, in order.

    Each is float64 [variants, tokens]: the Jensen-Shannon divergence in nats, 0 to ln 2, between
    the distribution of what follows each token untouched and that with the neuron set to the values
    of the variant. Excerpts are read side by side, untouched once, and once for each variant.

    An excerpt that was cut out of a text may be read as other tokens than it had there. Then each
    token that is read takes the value of the one that holds its last character, and the divergence
    of a token is that after its last character has been read.

    `Unusable` where the excerpt is longer than the subject reads, or the values are beyond what it
    can compute with. Raises `SubjectError` where the subject predicts no next token.
    """
    model = predicting(subject)
    for each in replaced:
        check_neuron(subject, each.ref)
    nothing = Unusable(reason="the subject finds no token in the excerpt")
    found: list[Divergences | Unusable] = [nothing] * len(replaced)
    texts = ["".join(each.tokens) for each in replaced]
    for batch in model.encode(texts):
        mine = [replaced[place] for place in batch.texts]
        for place, outcome in zip(batch.texts, _diverged(model, batch, mine), strict=True):
            found[place] = outcome
    return found


def _diverged(
    subject: TransformersMLP, batch: Batch, replaced: Sequence[Replaced]
) -> list[Divergences | Unusable]:
    """Return the outcome of each row of a batch."""
    read = [_Reading.of(each.tokens, batch.pieces[row]) for row, each in enumerate(replaced)]
    own = _own(batch)
    untouched, touched = states(subject, batch)[own], list[torch.Tensor]()
    for variant in range(max(len(each.values) for each in replaced)):
        held = [
            Held(
                row=row,
                ref=each.ref,
                values=torch.from_numpy(each.values[variant][read[row].of_token]),
            )
            for row, each in enumerate(replaced)
            if variant < len(each.values)
        ]
        with holding(subject, batch, held):
            touched.append(states(subject, batch)[own])
    ends = np.cumsum(batch.lengths)[:-1]
    found = np.split(_apart(subject, untouched, touched), ends, axis=1)
    return [
        _outcome(found[row][: len(each.values), read[row].after], batch.truncated[row], each.ref)
        for row, each in enumerate(replaced)
    ]


def _own(batch: Batch) -> torch.Tensor:
    """Return which positions hold the texts' own tokens: bool [rows, tokens]."""
    place = torch.arange(batch.ids.shape[1])
    lengths = torch.tensor(batch.lengths)[:, None]
    own = (place >= batch.first) & (place < batch.first + lengths)
    return own.to(batch.ids.device)


def _outcome(found: Divergences, truncated: bool, ref: NeuronRef) -> Divergences | Unusable:
    if truncated:
        return Unusable(reason="the excerpt is longer than the subject reads")
    if not np.isfinite(found).all():
        return Unusable(reason=f"the model computes no numbers when {ref} is set so")
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Reading:
    """How the tokens that a subject reads belong to those of an excerpt.

    `of_token[j]` is the excerpt's token for the subject's j-th, `after[i]` the subject's token with
    which the excerpt's i-th is read to its end.
    """

    of_token: NDArray[np.int64]
    after: NDArray[np.int64]

    @classmethod
    def of(cls, tokens: Sequence[str], pieces: Sequence[str]) -> "_Reading":
        if tuple(tokens) == tuple(pieces):
            same = np.arange(len(tokens))
            return cls(of_token=same, after=same)
        theirs, own = (np.cumsum([len(each) for each in parts]) for parts in (tokens, pieces))
        last = np.maximum(own, 1)
        return cls(
            of_token=np.minimum(np.searchsorted(theirs, last), len(tokens) - 1),
            after=np.minimum(np.searchsorted(own, theirs), len(pieces) - 1),
        )


def states(subject: TransformersMLP, batch: Batch) -> torch.Tensor:
    """Return what the head reads at each position: [rows, tokens, d]."""
    remedy = "use shorter texts, or a smaller model"
    with torch.inference_mode(), enough_memory(f"run {subject.identity.name}", remedy):
        output: torch.Tensor = subject.base(
            input_ids=batch.ids, attention_mask=batch.mask, use_cache=False
        ).last_hidden_state
        return output


def logits(subject: TransformersMLP, hidden: torch.Tensor) -> torch.Tensor:
    """Return the logits of what the head reads [n, d]: float64 [n, vocabulary].

    The head's product is float32 whatever the model's precision: rounded to bfloat16, logits move
    by as much as a neuron moves them.
    """
    head = subject.model.get_output_embeddings()
    bias = None if head.bias is None else head.bias.float()
    with torch.inference_mode():
        found = linear(hidden.float(), head.weight.float(), bias).double()
    cap = getattr(subject.model.config, "final_logit_softcapping", None)
    return cap * torch.tanh(found / cap) if cap else found


def _apart(
    subject: TransformersMLP, untouched: torch.Tensor, touched: Sequence[torch.Tensor]
) -> NDArray[np.float64]:
    """Return the divergences of what [n, d] says from what each of others does: [others, n].

    Few rows of logits exist at once.
    """
    size = max(1, ROWS // subject.model.config.get_text_config().vocab_size)
    found = torch.empty((len(touched), len(untouched)), dtype=torch.float64)
    for begin in range(0, len(untouched), size):
        rows = slice(begin, begin + size)
        before = logits(subject, untouched[rows])
        for variant, hidden in enumerate(touched):
            found[variant, rows] = jensen_shannon(before, logits(subject, hidden[rows])).cpu()
    return found.numpy()


def jensen_shannon(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return the divergence of distributions, given as logits [..., n]: in nats, 0 to ln 2."""
    p, q = one.log_softmax(-1), other.log_softmax(-1)
    middle = torch.logaddexp(p, q) - math.log(2)
    return ((p.exp() * (p - middle) + q.exp() * (q - middle)).sum(-1) / 2).clamp(min=0)
