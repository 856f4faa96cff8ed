"""One neuron on one text: its activations there, and what the model predicts with it clamped."""

from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch.nn.functional import cross_entropy

from explanations.interventions.clamping import Clamp, causal_subject, check_neuron, clamped
from explanations.records import NeuronRef, Scale, TokenActivations
from explanations.subjects.base import Batch, Subject, SubjectError
from explanations.subjects.tokenization import TextTokenizer
from explanations.subjects.transformers_mlp import TransformersMLP

SHOWN = 10
"""How many tokens each list of an intervention holds."""

_ROWS = 128  # of logits that are made float32 at once
_UNREADABLE = "\ufffd"

Shares: TypeAlias = tuple[tuple[str, float], ...]
Changes: TypeAlias = tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A text with one neuron's raw activations; `truncated` where the subject reads no further."""

    excerpt: TokenActivations
    truncated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """What clamping a neuron does to the prediction of the token after a text.

    `before` and `after` are the likeliest tokens with their probabilities, `gains` and `losses`
    those whose probability changed most: (token, before, after). `kl` is the divergence
    KL(before || after) in nats. The losses are the text's own, in nats per predicted token; None
    where the text has no token that something precedes.
    """

    before: Shares
    after: Shares
    gains: Changes
    losses: Changes
    kl: float
    loss_before: float | None
    loss_after: float | None
    truncated: bool


def activations(subject: Subject, text: str, ref: NeuronRef) -> Reading:
    """Return a neuron's activations on a text, cut at the subject's limit.

    Raises `SubjectError` for a text without tokens and a neuron that does not exist.
    """
    batch = _read(subject, text, ref)
    own: list[torch.Tensor] = []
    span = slice(batch.first, batch.first + batch.lengths[0])

    def take(layer: int, values: torch.Tensor) -> None:
        if layer == ref.layer:
            own.append(values[0, span, ref.index].float().cpu())

    subject.run(batch, take)
    excerpt = TokenActivations(tokens=batch.pieces[0], activations=own[0].numpy(), scale=Scale.RAW)
    return Reading(excerpt=excerpt, truncated=batch.truncated[0])


def intervene(subject: Subject, text: str, ref: NeuronRef, clamp: float) -> Intervention:
    """Return what setting a neuron to `clamp` on the text's own tokens changes in the predictions.

    0 ablates the neuron. Special tokens keep the value that they have. Raises `SubjectError` where
    the subject predicts no next token, and where `activations` does.
    """
    model = causal_subject(subject)
    batch = _read(model, text, ref)
    before = _predict(model, batch)
    values = torch.tensor(clamp, dtype=torch.float32).expand(batch.lengths[0])
    with clamped(model, [Clamp(row=0, ref=ref, start=batch.first, values=values)], rows=1):
        after = _predict(model, batch)
    if not torch.isfinite(after.logits).all():
        raise SubjectError(f"the model computes no numbers when the neuron is set to {clamp:g}")
    return _compared(before, after, batch, model.tokenizer)


def _read(subject: Subject, text: str, ref: NeuronRef) -> Batch:
    check_neuron(subject, ref)
    batch = next(iter(subject.encode([text])), None)
    if batch is None:
        raise SubjectError(f"{subject.identity.name} finds no token in the text")
    return batch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Prediction:
    """The logits of the next token, float64 [vocabulary], and the text's own loss per token."""

    logits: torch.Tensor
    loss: float | None


def _predict(subject: TransformersMLP, batch: Batch) -> _Prediction:
    last = batch.first + batch.lengths[0]
    with torch.inference_mode():
        logits = subject.model(
            input_ids=batch.ids, attention_mask=batch.mask, use_cache=False
        ).logits[0, :last]
        loss = _loss(logits, batch.ids[0, :last], max(batch.first, 1))
    return _Prediction(logits=logits[-1].double().cpu(), loss=loss)


def _loss(logits: torch.Tensor, ids: torch.Tensor, first: int) -> float | None:
    """Return the mean loss of the tokens from `first` on, each predicted from those before."""
    if first >= len(ids):
        return None
    total = sum(
        float(cross_entropy(logits[start - 1 : stop - 1].float(), ids[start:stop], reduction="sum"))
        for start in range(first, len(ids), _ROWS)
        for stop in [min(start + _ROWS, len(ids))]
    )
    return total / (len(ids) - first)


def _compared(
    before: _Prediction, after: _Prediction, batch: Batch, tokenizer: TextTokenizer
) -> Intervention:
    was, now = before.logits.log_softmax(0), after.logits.log_softmax(0)
    old, new = was.exp(), now.exp()
    change = new - old
    last = int(batch.ids[0, batch.first + batch.lengths[0] - 1])

    def shares(values: torch.Tensor) -> Shares:
        top = values.topk(min(SHOWN, len(values))).indices.tolist()
        return tuple((_spelling(tokenizer, last, token), float(values[token])) for token in top)

    def changes(size: torch.Tensor) -> Changes:
        top = size.topk(min(SHOWN, len(size))).indices.tolist()
        return tuple(
            (_spelling(tokenizer, last, token), float(old[token]), float(new[token]))
            for token in top
            if size[token] > 0
        )

    return Intervention(
        before=shares(old),
        after=shares(new),
        gains=changes(change),
        losses=changes(-change),
        kl=max(0.0, float((old * (was - now)).sum())),
        loss_before=before.loss,
        loss_after=after.loss,
        truncated=batch.truncated[0],
    )


def _spelling(tokenizer: TextTokenizer, before: int, token: int) -> str:
    """Return a token's text after another token, with the space that it brings along."""
    stem: str = tokenizer.backend.decode([before], skip_special_tokens=False)
    both: str = tokenizer.backend.decode([before, token], skip_special_tokens=False)
    text = both.removeprefix(stem)
    if both.startswith(stem) and text and _UNREADABLE not in text:
        return text
    return tokenizer.backend.id_to_token(token) or f"<{token}>"
