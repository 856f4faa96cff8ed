"""What a transformer's neurons read from the residual stream and write into it.

Norms are taken with their gains and their centring but without their biases and without their
division by the stream's length: that one number is the same for all that is compared.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, Protocol

import torch
from torch import nn
from transformers.convert_slow_tokenizer import bytes_to_unicode

from explanations.subjects.architectures import ARCHITECTURES
from explanations.subjects.base import Vectors
from explanations.subjects.transformers_mlp import TransformersMLP


class WeightVectors(Protocol):
    """What a subject's neurons read and write, as vectors of the residual stream.

    `undefined` gives a reason for each relation (`stores.relations.RELATIONS`) that has no meaning
    for the subject; the methods for those are never called.
    """

    @property
    def undefined(self) -> dict[str, str]:
        """Relations without a meaning here, with reasons."""

    @property
    def texts(self) -> Sequence[str | None]:
        """Each token as a person reads it; None for those that are shown to nobody."""

    def vectors(self, layer: int) -> Vectors:
        """Return what a layer's neurons read and write."""

    def onward(self, vectors: torch.Tensor, source: int, target: int) -> torch.Tensor:
        """Carry what layer `source` wrote to where layer `target` reads: the direct path."""

    def embedded(self, tokens: torch.Tensor, layer: int) -> torch.Tensor:
        """Return tokens as a layer reads them, had the stream held nothing else."""

    def unembedded(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return what raises each token's logit: [tokens, stream]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Norm:
    """A LayerNorm (centred), an RMSNorm, or none: then `unit` leaves lengths as they are."""

    gain: torch.Tensor | float  # float32 [stream]
    centred: bool
    scales: bool = True

    def forth(self, vectors: torch.Tensor) -> torch.Tensor:
        """Send vectors of the stream through."""
        return self.centre(vectors) * self.gain

    def back(self, readers: torch.Tensor) -> torch.Tensor:
        """Return what reads from the stream before the norm what `readers` read after it."""
        return self.centre(readers * self.gain)

    def unit(self, vectors: torch.Tensor) -> torch.Tensor:
        """Scale vectors as the norm would alone: to a root mean square of 1."""
        if not self.scales:
            return vectors
        centred = self.centre(vectors)
        return nn.functional.normalize(centred, dim=1).mul(math.sqrt(centred.shape[1]))

    def centre(self, vectors: torch.Tensor) -> torch.Tensor:
        """Take away each vector's mean, where the norm does."""
        return vectors - vectors.mean(1, keepdim=True) if self.centred else vectors


class MLPVectors:
    """The weight vectors of a transformer's MLP neurons, computed on demand."""

    def __init__(self, subject: TransformersMLP) -> None:
        self._subject = subject
        self._paths = ARCHITECTURES[subject.model.config.model_type]
        self._layers: Any = _at(subject.base, self._paths.layers)

    @property
    def norms_after_sums(self) -> bool:
        """Whether the stream itself goes through norms, as in BERT."""
        return bool(self._paths.stream)

    @cached_property
    def undefined(self) -> dict[str, str]:
        """Tokens need an embedding as wide as the stream, and an unembedding that reads it."""
        name, reasons = self._subject.identity.name, {}
        embedding, stream = self._embedding.shape[1], self.vectors(0).reads.shape[1]
        if embedding != stream:
            reasons["tokens_in"] = f"{name} embeds tokens in {embedding} dimensions, not {stream}"
        if not self._paths.final or self._subject.model.get_output_embeddings() is None:
            reasons["tokens_out"] = f"{name} has no unembedding: it predicts no tokens"
        return reasons

    @cached_property
    def texts(self) -> tuple[str | None, ...]:
        """Each token of the embedding that a person can read, special ones left out."""
        return token_texts(self._subject.tokenizer.backend, len(self._embedding))

    def vectors(self, layer: int) -> Vectors:
        """Return the rows of the gate, or of the only input projection; the output's columns."""
        module = self._layers[layer]
        reads = rows(_at(module, self._paths.reads), reading=True)[: self._subject.width]
        writes = rows(self._subject.projections[layer], reading=False)
        if self._paths.after:
            writes = self._norm(module, self._paths.after).forth(writes)
        return Vectors(reads=self._norm(module, self._paths.before).back(reads), writes=writes)

    def onward(self, vectors: torch.Tensor, source: int, target: int) -> torch.Tensor:
        """Carry through the norms on the stream: none where norms come before the sum.

        A `source` of -1 is the embedding.
        """
        if self._paths.stream and source >= 0:
            vectors = self._norm(self._layers[source], self._paths.stream[-1]).forth(vectors)
        for layer in range(source + 1, target):
            for path in self._paths.stream:
                vectors = self._norm(self._layers[layer], path).forth(vectors)
        return vectors

    def embedded(self, tokens: torch.Tensor, layer: int) -> torch.Tensor:
        """Return tokens' embeddings, without position, scaled as the norm before the MLP does."""
        before = self._norm(self._layers[layer], self._paths.before)
        return before.unit(self.onward(self.entering(tokens), -1, layer))

    def entering(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return tokens' embeddings as they enter the stream, but for their length."""
        vectors = self._embedding[tokens].float()
        if self._paths.first:
            vectors = self._norm(self._subject.base, self._paths.first).forth(vectors)
        return vectors

    def unembedded(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the rows of the unembedding with the final norm's gain."""
        vectors = self._subject.model.get_output_embeddings().weight[tokens].float()
        return self._norm(self._subject.base, self._paths.final).back(vectors)

    @property
    def _embedding(self) -> torch.Tensor:
        weight: torch.Tensor = self._subject.model.get_input_embeddings().weight
        return weight

    def _norm(self, module: Any, path: str) -> Norm:
        """Return a norm. One without a weight has a gain of 1; a LayerNorm knows its shape."""
        if not path:
            return Norm(gain=1.0, centred=False, scales=False)
        norm = _at(module, path)
        weight = getattr(norm, "weight", None)
        return Norm(
            gain=1.0 if weight is None else weight.float() + self._paths.gain_offset,
            centred=hasattr(norm, "normalized_shape"),
        )


def rows(projection: Any, *, reading: bool) -> torch.Tensor:
    """Return a projection's weights with a row for each neuron, float32.

    `reading`: neurons are what it gives, not what it takes. GPT-2 stores weights the other way.
    """
    weight: torch.Tensor = projection.weight.float()
    return weight if isinstance(projection, nn.Linear) == reading else weight.T


_UNUSED = re.compile(r"[\[<]unused_?\d+[\]>]")
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_BYTES: dict[str, int] = {
    character: value
    for value, character in bytes_to_unicode().items()  # type: ignore[no-untyped-call]
}


def token_texts(backend: Any, size: int) -> tuple[str | None, ...]:
    """Return `size` tokens as text, each with the space it begins with.

    None for special tokens, for those kept unused and for rows beyond the tokenizer's own. A part
    of a character is named by its bytes: <0xE2>.
    """
    special = {n for n, token in backend.get_added_tokens_decoder().items() if token.special}
    return tuple(None if n in special else _text(backend, n) for n in range(size))


def _text(backend: Any, number: int) -> str | None:
    token: str | None = backend.id_to_token(number)
    if token is None or _UNUSED.fullmatch(token):
        return None
    if "\u2581" in token:
        return token.replace("\u2581", " ")
    text: str = backend.decode([number])
    if text and "\ufffd" not in text:
        return text
    if _BYTE.fullmatch(token) or not all(character in _BYTES for character in token):
        return token
    return "".join(f"<0x{_BYTES[character]:02X}>" for character in token)


def _at(module: Any, path: str) -> Any:
    return reduce(getattr, path.split("."), module)
