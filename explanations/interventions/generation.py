"""How a model continues texts, with a neuron clamped or not."""

from collections.abc import Sequence
from itertools import groupby

import torch

from explanations.backends.local.batches import padded
from explanations.backends.local.generation import generate
from explanations.interventions.clamping import Clamp, causal_subject, check_neuron, clamped
from explanations.methods.requests import Continuation
from explanations.methods.values import Unusable
from explanations.records import NeuronRef, seeded_hash
from explanations.subjects.base import Batch, Subject, enough_memory
from explanations.subjects.transformers_mlp import TransformersMLP


def continuations(
    subject: Subject, asked: Sequence[tuple[NeuronRef, Continuation]]
) -> list[str | Unusable]:
    """Return what follows each text, in order: fewer tokens where the model ends by itself.

    `Unusable` where the subject finds no token, reads no further, or computes no numbers. Raises
    `SubjectError` where it predicts no next token, and for a neuron that does not exist.
    """
    model = causal_subject(subject)
    for ref, _ in asked:
        check_neuron(subject, ref)
    nothing = Unusable(reason="the subject finds no token in the text")
    found: list[str | Unusable] = [nothing] * len(asked)
    for batch in model.encode([each.text for _, each in asked]):
        rows = [_Row(model, batch, row, *asked[index]) for row, index in enumerate(batch.texts)]
        # Rows of a group generate equally many tokens, so none is run past the model's limit.
        for new, group in groupby(sorted(rows, key=lambda row: row.new), lambda row: row.new):
            if new > 0:
                _generate(model, list(group), new)
        for index, row in zip(batch.texts, rows, strict=True):
            found[index] = row.outcome
    return found


class _Row:
    """One text while it is continued."""

    def __init__(
        self, subject: TransformersMLP, batch: Batch, row: int, ref: NeuronRef, asked: Continuation
    ) -> None:
        self.ref, self.asked, self._tokenizer = ref, asked, subject.tokenizer
        self.prefix: list[int] = batch.ids[row, : batch.first].tolist()
        self.given = batch.ids[row, batch.first : batch.first + batch.lengths[row]].tolist()
        self.added: list[int] = []
        self.ended = False
        self._reason = ""
        self.new = min(asked.tokens, self._tokenizer.limit - batch.first - len(self.given))
        if batch.truncated[row]:
            self.new, self._reason = 0, "the text is longer than the subject reads"
        elif self.new <= 0:
            self._reason = "the subject reads no further than the text"

    def pick(self, logits: torch.Tensor, ends: frozenset[int]) -> int:
        """Return the next token, drawn from logits [vocabulary], and add it to the text."""
        if not torch.isfinite(logits).any() or logits.isnan().any():
            self._reason, self.ended = "the model computes no numbers with this clamp", True
        if self.ended:
            return 0
        token = int((logits.double().cpu() + self._noise(len(logits))).argmax())
        self.ended = token in ends
        if not self.ended:
            self.added.append(token)
        return token

    def _noise(self, size: int) -> torch.Tensor:
        """Return Gumbel noise: its sum with logits is highest at a draw from their softmax."""
        if self.asked.seed is None:
            return torch.zeros(size, dtype=torch.float64)
        seed = seeded_hash(self.asked.seed, self.asked.text, len(self.added)) % 2**63
        draws = torch.rand(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        return -(-draws.clamp(min=1e-300).log()).log()

    @property
    def outcome(self) -> str | Unusable:
        """Return what follows the text, or why nothing does."""
        if self._reason:
            return Unusable(reason=self._reason)
        decode = self._tokenizer.backend.decode
        stem: str = decode(self.given, skip_special_tokens=True)
        both: str = decode([*self.given, *self.added], skip_special_tokens=True)
        return both.removeprefix(stem)


def _generate(subject: TransformersMLP, rows: Sequence[_Row], new: int) -> None:
    """Continue rows side by side; special tokens keep their value."""
    ends = _ends(subject)
    ids, mask = padded([[*row.prefix, *row.given] for row in rows], left=True)
    clamps = [
        Clamp(
            row=number,
            ref=row.ref,
            start=ids.shape[1] - len(row.given),
            values=torch.tensor(row.asked.clamp, dtype=torch.float32),
        )
        for number, row in enumerate(rows)
        if row.asked.clamp is not None
    ]

    def pick(logits: torch.Tensor) -> torch.Tensor:
        chosen = [row.pick(logits[number], ends) for number, row in enumerate(rows)]
        return torch.tensor(chosen)

    with (
        torch.inference_mode(),
        enough_memory(f"run {subject.identity.name}", "use shorter texts, or a smaller model"),
        clamped(subject, clamps, rows=len(rows)),
    ):
        generate(
            subject.model, ids, mask, new=new, pick=pick, ended=lambda: [row.ended for row in rows]
        )


def _ends(subject: TransformersMLP) -> frozenset[int]:
    """Return the tokens with which the model ends a text."""
    ends = subject.model.config.get_text_config().eos_token_id
    return frozenset(ends if isinstance(ends, list) else () if ends is None else (ends,))
