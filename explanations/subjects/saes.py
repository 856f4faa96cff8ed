"""The encoders of sparse autoencoders: from a model's vectors to latents.

All arithmetic is float32. Sources of the formulas: the inference classes of SAELens 6 and the
encoder of EleutherAI's sparsify.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch.nn.functional import normalize

Map: TypeAlias = Callable[[torch.Tensor], torch.Tensor]

CHUNK = 2**26
"""Latents that are computed at once, so that what lies between takes at most some 500 MB."""

_EPSILON = 1e-5  # SAELens's, added to the standard deviation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Autoencoder:
    """activate((normalize(x) - shift) @ weight + bias).

    `shift` is the decoder's bias where a layout takes it away first, else 0. `activate` takes
    pre-activations [n, latents] and returns latents of the same shape.
    """

    weight: torch.Tensor  # float32 [d, latents]
    bias: torch.Tensor  # float32 [latents]
    shift: torch.Tensor  # float32 [d]
    normalize: Map
    activate: Map

    def __call__(self, vectors: torch.Tensor) -> torch.Tensor:
        """Return the latents of vectors [..., d]: float32 [..., latents]."""
        width = self.weight.shape[1]
        flat = vectors.reshape(-1, vectors.shape[-1])
        latents = torch.empty((len(flat), width), device=flat.device)
        rows = max(1, CHUNK // width)
        for begin in range(0, len(flat), rows):
            some = self.normalize(flat[begin : begin + rows].float()) - self.shift
            before = torch.addmm(self.bias, some, self.weight)
            latents[begin : begin + rows] = self.activate(before)
        return latents.view(*vectors.shape[:-1], width)


def as_they_are(vectors: torch.Tensor) -> torch.Tensor:
    """Leave vectors alone."""
    return vectors


def centred(vectors: torch.Tensor) -> torch.Tensor:
    """Take each vector's mean away."""
    return vectors - vectors.mean(-1, keepdim=True)


def standardized(vectors: torch.Tensor) -> torch.Tensor:
    """Give each vector mean 0 and standard deviation 1: SAELens's `layer_norm`."""
    moved = centred(vectors)
    return moved / (moved.std(-1, keepdim=True) + _EPSILON)


def rescaled(vectors: torch.Tensor) -> torch.Tensor:
    """Give each vector that is not 0 the norm sqrt(d): SAELens's `constant_norm_rescale`."""
    return normalize(vectors, dim=-1) * math.sqrt(vectors.shape[-1])


def top(k: int) -> Map:
    """Return what keeps the k highest latents of each vector that are above 0."""

    def activate(before: torch.Tensor) -> torch.Tensor:
        best = before.relu().topk(k, dim=-1)
        return torch.zeros_like(before).scatter_(-1, best.indices, best.values)

    return activate


def group_max(k: int) -> Map:
    """Return what keeps the highest latent of each of k equal groups of neighbours."""

    def activate(before: torch.Tensor) -> torch.Tensor:
        groups = before.relu().view(len(before), k, -1)
        best = groups.max(-1, keepdim=True)
        return torch.zeros_like(groups).scatter_(-1, best.indices, best.values).flatten(-2)

    return activate


def above(threshold: torch.Tensor) -> Map:
    """Return what keeps latents above their threshold and above 0: JumpReLU."""

    def activate(before: torch.Tensor) -> torch.Tensor:
        return before.relu() * (before > threshold)

    return activate


def gated(gate: torch.Tensor, scale: torch.Tensor, magnitude: torch.Tensor) -> Map:
    """Return relu(x exp(scale) + magnitude) where x + gate > 0: gated SAEs, with bias 0."""

    def activate(before: torch.Tensor) -> torch.Tensor:
        return (before * scale.exp() + magnitude).relu() * (before + gate > 0)

    return activate


def scaled(factor: torch.Tensor, then: Map) -> Map:
    """Return what scales pre-activations by `factor` [latents] first."""
    return lambda before: then(before * factor)
