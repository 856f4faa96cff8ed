"""What SAE latents and directions read from the residual stream and write into it."""

import re
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise

import torch
from torch.nn.functional import normalize

from explanations.relations.weight_vectors import MLPVectors
from explanations.stores.relations import RELATIONS
from explanations.subjects.architectures import ARCHITECTURES
from explanations.subjects.base import Vectors
from explanations.subjects.feature_reader import ModelFeatures

_STREAM = re.compile(r"blocks\.(\d+)\.hook_resid_(pre|mid|post)")
_PLACES = {"pre": 0, "mid": 1, "post": 2}


class FeatureVectors:
    """The weight vectors of features: encoders and decoders as they are stored."""

    def __init__(self, subject: ModelFeatures) -> None:
        self._subject, self._host = subject, MLPVectors(subject.host)

    @cached_property
    def undefined(self) -> dict[str, str]:
        """All but similarity needs a place in a stream that nothing changes on its way."""
        depths = [self._depth(layer) for layer in range(self._subject.layers)]
        if None in depths:
            hook = self._subject.readers[depths.index(None)].hook
            return _but_similarity(f"{hook} is not in the residual stream")
        if self._host.norms_after_sums:
            return _but_similarity(f"{self._subject.host.identity.name} has norms after each sum")
        if any(one >= other for one, other in pairwise(filter(None, depths))):
            links = ("upstream", "downstream")
            reason = "two of its layers read the stream at one place, or in another order"
            return self._host.undefined | dict.fromkeys(links, reason)
        return self._host.undefined

    @property
    def texts(self) -> Sequence[str | None]:
        """Each token as a person reads it; None for those that are shown to nobody."""
        return self._host.texts

    def vectors(self, layer: int) -> Vectors:
        """Return the rows of the encoder and the decoder; a direction is both."""
        return self._subject.readers[layer].vectors()

    def onward(self, vectors: torch.Tensor, source: int, target: int) -> torch.Tensor:
        """Return what was written: nothing lies between."""
        return vectors

    def embedded(self, tokens: torch.Tensor, layer: int) -> torch.Tensor:
        """Return tokens' embeddings, scaled to a root mean square of 1."""
        vectors = self._host.entering(tokens)
        return normalize(vectors).mul(vectors.shape[1] ** 0.5)

    def unembedded(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the rows of the unembedding with the final norm's gain."""
        return self._host.unembedded(tokens)

    def _depth(self, layer: int) -> tuple[int, int] | None:
        """Return how far down the stream a layer reads it: the model's layer, and where there."""
        reader, host = self._subject.readers[layer], self._subject.host
        if named := _STREAM.fullmatch(reader.hook):
            return int(named[1]), _PLACES[named[2]]
        layers = re.escape(ARCHITECTURES[host.model.config.model_type].layers)
        path = re.fullmatch(
            rf"(?:{re.escape(host.model.base_model_prefix)}\.)?{layers}\.(\d+)", reader.hook
        )
        return (int(path[1]), 0 if reader.module_input else 2) if path else None


def _but_similarity(reason: str) -> dict[str, str]:
    return {relation: reason for relation in RELATIONS if relation != "similar_weights"}
