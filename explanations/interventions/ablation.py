"""Neurons on many texts at once: their activations, and what replacing them changes."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import linear

from explanations.interventions.clamping import Clamp, causal_subject, check_neuron, clamped
from explanations.methods.requests import Replacement
from explanations.methods.values import Unusable
from explanations.records import NeuronRef, Scale, TokenActivations
from explanations.subjects.base import Batch, Subject, enough_memory
from explanations.subjects.transformers_mlp import TransformersMLP

ROWS = 2**22
"""Logits that are computed at once: 32 MB of float64, a few times over."""

Divergences: TypeAlias = NDArray[np.float64]


def observe(
    subject: Subject, asked: Sequence[tuple[NeuronRef, str]]
) -> list[TokenActivations | Unusable]:
    """Return each neuron's activations on its text, in order; a text is read once for all neurons.

    A text is cut where the subject reads no further. One without a token is `Unusable`. Raises
    `SubjectError` for a neuron that does not exist.
    """
    for ref, _ in asked:
        check_neuron(subject, ref)
    texts = list(dict.fromkeys(text for _, text in asked))
    indices = {text: index for index, text in enumerate(texts)}
    wanted: dict[int, list[int]] = defaultdict(list)
    for number, (_, text) in enumerate(asked):
        wanted[indices[text]].append(number)
    nothing = Unusable(reason="the subject finds no token in the text")
    found: list[TokenActivations | Unusable] = [nothing] * len(asked)
    refs = [ref for ref, _ in asked]
    for batch in subject.encode(texts):
        own = [(row, number) for row, index in enumerate(batch.texts) for number in wanted[index]]
        for number, excerpt in _observed(subject, batch, refs, own):
            found[number] = excerpt
    return found


def _observed(
    subject: Subject, batch: Batch, refs: Sequence[NeuronRef], own: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, TokenActivations]]:
    """Yield the activations of each of `own`: a row of the batch and the number of a neuron."""
    taken: dict[int, torch.Tensor] = {}

    def take(layer: int, values: torch.Tensor) -> None:
        for row, number in own:
            if refs[number].layer == layer:
                span = slice(batch.first, batch.first + batch.lengths[row])
                taken[number] = values[row, span, refs[number].index].float().cpu()

    subject.run(batch, take)
    for row, number in own:
        activations = taken[number].numpy()
        yield (
            number,
            TokenActivations(tokens=batch.pieces[row], activations=activations, scale=Scale.RAW),
        )


def divergences(
    subject: Subject, asked: Sequence[tuple[NeuronRef, Replacement]]
) -> list[Divergences | Unusable]:
    """Return how far replacing a neuron's values moves the next-token distributions, in order.

    Each is float64 [variants, tokens]: the Jensen-Shannon divergence in nats, 0 to ln 2, between
    the distributions after each token without a change and with the neuron set to the values of
    the variant. Excerpts are read side by side, unchanged once, and once for each variant.

    An excerpt that was cut out of a text may be tokenized differently than it was there. Then each
    of the subject's tokens takes the value of the excerpt's token that holds its last character,
    and a token's divergence is that after its last character has been read.

    `Unusable` where the excerpt is longer than the subject reads, or the values are beyond what it
    can compute with. Raises `SubjectError` where the subject predicts no next token.
    """
    model = causal_subject(subject)
    for ref, _ in asked:
        check_neuron(subject, ref)
    nothing = Unusable(reason="the subject finds no token in the excerpt")
    found: list[Divergences | Unusable] = [nothing] * len(asked)
    for batch in model.encode(["".join(each.tokens) for _, each in asked]):
        mine = [asked[index] for index in batch.texts]
        for index, outcome in zip(batch.texts, _diverged(model, batch, mine), strict=True):
            found[index] = outcome
    return found


def _diverged(
    subject: TransformersMLP, batch: Batch, asked: Sequence[tuple[NeuronRef, Replacement]]
) -> list[Divergences | Unusable]:
    """Return the outcome of each row of a batch."""
    tokens = [_Alignment.of(each.tokens, batch.pieces[row]) for row, (_, each) in enumerate(asked)]
    own = _own(batch)
    unchanged, changed = states(subject, batch)[own], list[torch.Tensor]()
    for variant in range(max(len(each.values) for _, each in asked)):
        clamps = [
            Clamp(
                row=row,
                ref=ref,
                start=batch.first,
                values=torch.from_numpy(each.values[variant][tokens[row].of_token]),
            )
            for row, (ref, each) in enumerate(asked)
            if variant < len(each.values)
        ]
        with clamped(subject, clamps, rows=len(batch.ids)):
            changed.append(states(subject, batch)[own])
    ends = np.cumsum(batch.lengths)[:-1]
    found = np.split(_divergences(subject, unchanged, changed), ends, axis=1)
    return [
        _outcome(found[row][: len(each.values), tokens[row].after], batch.truncated[row], ref)
        for row, (ref, each) in enumerate(asked)
    ]


def _own(batch: Batch) -> torch.Tensor:
    """Return which positions hold the texts' own tokens: bool [rows, tokens]."""
    position = torch.arange(batch.ids.shape[1])
    lengths = torch.tensor(batch.lengths)[:, None]
    own = (position >= batch.first) & (position < batch.first + lengths)
    return own.to(batch.ids.device)


def _outcome(found: Divergences, truncated: bool, ref: NeuronRef) -> Divergences | Unusable:
    if truncated:
        return Unusable(reason="the excerpt is longer than the subject reads")
    if not np.isfinite(found).all():
        return Unusable(reason=f"the model computes no numbers with these values of {ref}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Alignment:
    """Which of an excerpt's tokens and the tokens that a subject reads belong together.

    `of_token[j]` is the excerpt's token for the subject's j-th, `after[i]` the subject's token with
    which the excerpt's i-th ends.
    """

    of_token: NDArray[np.int64]
    after: NDArray[np.int64]

    @classmethod
    def of(cls, tokens: Sequence[str], pieces: Sequence[str]) -> "_Alignment":
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
    """Return the last hidden states, the input of the head: [rows, tokens, d]."""
    remedy = "use shorter texts, or a smaller model"
    with torch.inference_mode(), enough_memory(f"run {subject.identity.name}", remedy):
        output: torch.Tensor = subject.base(
            input_ids=batch.ids, attention_mask=batch.mask, use_cache=False
        ).last_hidden_state
        return output


def logits(subject: TransformersMLP, hidden: torch.Tensor) -> torch.Tensor:
    """Return the logits of hidden states [n, d]: float64 [n, vocabulary].

    They are computed in float32 whatever the model's precision: rounded to bfloat16, logits move
    by as much as a neuron moves them.
    """
    head = subject.model.get_output_embeddings()
    bias = None if head.bias is None else head.bias.float()
    with torch.inference_mode():
        found = linear(hidden.float(), head.weight.float(), bias).double()
    cap = getattr(subject.model.config, "final_logit_softcapping", None)
    return cap * torch.tanh(found / cap) if cap else found


def _divergences(
    subject: TransformersMLP, unchanged: torch.Tensor, changed: Sequence[torch.Tensor]
) -> NDArray[np.float64]:
    """Return the divergences of states [n, d] from each of the others: [others, n].

    Only a few rows of logits exist at once.
    """
    size = max(1, ROWS // subject.model.config.get_text_config().vocab_size)
    found = torch.empty((len(changed), len(unchanged)), dtype=torch.float64)
    for begin in range(0, len(unchanged), size):
        rows = slice(begin, begin + size)
        before = logits(subject, unchanged[rows])
        for variant, hidden in enumerate(changed):
            found[variant, rows] = jensen_shannon(before, logits(subject, hidden[rows])).cpu()
    return found.numpy()


def jensen_shannon(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Return the divergence of distributions, given as logits [..., n]: in nats, 0 to ln 2."""
    p, q = one.log_softmax(-1), other.log_softmax(-1)
    middle = torch.logaddexp(p, q) - math.log(2)
    return ((p.exp() * (p - middle) + q.exp() * (q - middle)).sum(-1) / 2).clamp(min=0)
