"""How a model goes on with texts, with a neuron held fixed or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from explanations.interventions.ablation import logits, states
from explanations.interventions.clamping import Held, check_neuron, holding, predicting
from explanations.methods.values import Unusable
from explanations.records import NeuronRef, seeded_hash
from explanations.subjects.base import Batch, Subject
from explanations.subjects.tokenization import Encoder
from explanations.subjects.transformers_mlp import TransformersMLP


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """A text to go on with, and the raw value its neuron is held at; None: as it is.

    The neuron is held on the text's tokens and on those that follow. `seed` decides the draws,
    together with the text: equal seeds draw alike with and without a clamp, so that what differs is
    the clamp's doing. None takes the likeliest token each time.
    """

    ref: NeuronRef
    text: str
    clamp: float | None
    tokens: int
    seed: int | None

    def __post_init__(self) -> None:
        if self.tokens < 1:
            raise ValueError(f"a text goes on for at least one token, not {self.tokens}")


def continuations(subject: Subject, asked: Sequence[Continued]) -> list[str | Unusable]:
    """Return what follows each text, in order: fewer tokens where the model ends by itself.

    `Unusable` where the subject finds no token, reads no further, or computes no numbers. Raises
    `SubjectError` where it predicts no next token, and for a neuron that is not there.
    """
    model = predicting(subject)
    for each in asked:
        check_neuron(subject, each.ref)
    nothing = Unusable(reason="the subject finds no token in the text")
    found: list[str | Unusable] = [nothing] * len(asked)
    for batch in model.encode([each.text for each in asked]):
        mine = [asked[place] for place in batch.texts]
        for place, outcome in zip(batch.texts, _continued(model, batch, mine), strict=True):
            found[place] = outcome
    return found


def _continued(
    subject: TransformersMLP, batch: Batch, asked: Sequence[Continued]
) -> Iterator[str | Unusable]:
    """Yield what follows each row of a batch; each token takes one pass of all rows together."""
    rows = [_Row(subject.encoder, batch, row, each) for row, each in enumerate(asked)]
    ends = _ends(subject)
    while any(row.open for row in rows):
        grown = _grown(batch, rows)
        held = [
            Held(
                row=at,
                ref=row.asked.ref,
                values=torch.tensor(row.asked.clamp, dtype=torch.float32).expand(len(row.ids)),
            )
            for at, row in enumerate(rows)
            if row.asked.clamp is not None
        ]
        with holding(subject, grown, held):
            hidden = states(subject, grown)
        last = torch.tensor([batch.first + len(row.ids) - 1 for row in rows])
        table = logits(subject, hidden[torch.arange(len(rows)), last]).cpu()
        for row, scores in zip(rows, table, strict=True):
            row.take(scores, ends)
    for row in rows:
        yield row.outcome


class _Row:
    """One text while it grows."""

    def __init__(self, encoder: Encoder, batch: Batch, row: int, asked: Continued) -> None:
        self.asked, self._encoder = asked, encoder
        self.given = batch.ids[row, batch.first : batch.first + batch.lengths[row]].tolist()
        self.ids: list[int] = list(self.given)
        self._room = encoder.limit - batch.first
        self._reason = "the text is longer than the subject reads" if batch.truncated[row] else ""
        self._ended = bool(self._reason)
        if not self._ended and len(self.ids) >= self._room:
            self._reason, self._ended = "the subject reads no further than the text", True

    @property
    def open(self) -> bool:
        """Whether another token can follow."""
        new = len(self.ids) - len(self.given)
        return not self._ended and new < self.asked.tokens and len(self.ids) < self._room

    def take(self, scores: torch.Tensor, ends: frozenset[int]) -> None:
        """Add the next token, drawn from logits [vocabulary], unless the text has ended."""
        if not self.open:
            return
        if not torch.isfinite(scores).any() or scores.isnan().any():
            self._reason, self._ended = (
                "the model computes no numbers with the neuron held so",
                True,
            )
            return
        token = int((scores + self._noise(len(scores))).argmax())
        self._ended = token in ends
        if not self._ended:
            self.ids.append(token)

    def _noise(self, size: int) -> torch.Tensor:
        """Return Gumbel noise, whose sum with logits is highest at a draw from their softmax."""
        if self.asked.seed is None:
            return torch.zeros(size, dtype=torch.float64)
        place = len(self.ids) - len(self.given)
        seed = seeded_hash(self.asked.seed, self.asked.text, place) % 2**63
        draws = torch.rand(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        return -(-draws.clamp(min=1e-300).log()).log()

    @property
    def outcome(self) -> str | Unusable:
        """What follows the text, or why nothing does."""
        if self._reason:
            return Unusable(reason=self._reason)
        decode = self._encoder.backend.decode
        stem: str = decode(self.given, skip_special_tokens=True)
        both: str = decode(self.ids, skip_special_tokens=True)
        return both.removeprefix(stem)


def _grown(batch: Batch, rows: Sequence[_Row]) -> Batch:
    """Return the batch with what has followed so far."""
    prefix = batch.ids[0, : batch.first].tolist()
    longest = max(len(row.ids) for row in rows)
    ids = [prefix + row.ids + [0] * (longest - len(row.ids)) for row in rows]
    mask = [[1] * (len(prefix) + len(row.ids)) + [0] * (longest - len(row.ids)) for row in rows]
    device = batch.ids.device
    return replace(
        batch,
        ids=torch.tensor(ids, device=device),
        mask=torch.tensor(mask, device=device),
        lengths=tuple(len(row.ids) for row in rows),
    )


def _ends(subject: TransformersMLP) -> frozenset[int]:
    """Return the tokens with which the model ends a text."""
    said = subject.model.config.get_text_config().eos_token_id
    return frozenset(said if isinstance(said, list) else () if said is None else (said,))
