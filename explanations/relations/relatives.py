"""Which neurons and tokens are nearest to each neuron, written into a capture's folder.

Scores are made a tile at a time and the best kept, so memory holds the lists, the vectors of two
layers and one tile, however many neurons there are.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import normalize

from explanations.relations.latent_vectors import FeatureVectors
from explanations.relations.weight_vectors import MLPVectors, WeightVectors
from explanations.stores.reader import CaptureStore, StoreError, open_store
from explanations.stores.relations import (
    RELATIONS,
    SIMILAR_ACTIVATION,
    Header,
    Lists,
    unit_sample,
    write_related,
)
from explanations.subjects.base import Subject, Vectors
from explanations.subjects.feature_reader import ModelFeatures
from explanations.subjects.transformers_mlp import TransformersMLP

TILE = 2**22
"""Scores that are made at once."""

QUICK = 40_000
"""Neurons up to which a processor relates all of them in some minutes; the time grows with their
square."""


class Best:
    """For each of so many rows the highest scores offered, by falling score, and of whom."""

    def __init__(self, rows: int, keep: int, device: torch.device) -> None:
        self.scores = torch.full((rows, keep), -torch.inf, device=device)
        self.ids = torch.full((rows, keep), -1, device=device)

    def offer(self, row: int, scores: torch.Tensor, first: int) -> None:
        """Take in scores [rows from `row` on, candidates from number `first` on]."""
        rows, keep = slice(row, row + len(scores)), self.scores.shape[1]
        best, columns = scores.contiguous().topk(min(keep, scores.shape[1]), 1)
        both = torch.cat([self.scores[rows], best], 1)
        ids = torch.cat([self.ids[rows], columns + first], 1)
        self.scores[rows], places = both.topk(keep, 1)
        self.ids[rows] = ids.gather(1, places)

    def lists(self, names: torch.Tensor | None = None) -> Lists:
        """Return what is kept; `names` are the candidates' ids where those are not their numbers.

        A score of minus infinity is nobody's.
        """
        nobody = self.scores == -torch.inf
        ids = self.ids if names is None else names[self.ids.clamp(min=0)]
        return Lists(
            ids=ids.masked_fill(nobody, -1).cpu().numpy().astype(np.int32),
            values=self.scores.masked_fill(nobody, 0.0).cpu().numpy(),
        )


def relates_quickly(subject: Subject) -> bool:
    """Return whether relating all of a subject's neurons is worth doing with every capture."""
    neurons = subject.identity.layers * subject.identity.width
    return subject.device.type != "cpu" or neurons <= QUICK


@torch.inference_mode()
def relate(subject: Subject, directory: str | Path, *, keep: int = 10, tile: int = TILE) -> None:
    """Write the `keep` nearest of each relation for every neuron into a capture's folder.

    A subject whose neurons have no weights gets a file that says so. Where the folder holds a
    finished capture, similarity by activation is written too. What was there is replaced.
    """
    folder, identity, found = Path(directory), subject.identity, _wiring(subject)
    near = _Nearest(subject, keep, math.isqrt(tile))
    lists, undefined, texts = {}, dict.fromkeys(RELATIONS, str(found)), [""]
    if not isinstance(found, str):
        undefined, texts = found.undefined, [text or "" for text in found.texts]
        lists = near.neurons(found) | near.tokens(found)
    if store := _store(folder):
        lists[SIMILAR_ACTIVATION] = near.by_activation(store)
    header = Header(layers=identity.layers, width=identity.width, keep=keep, undefined=undefined)
    write_related(folder, header, lists, texts)


def _store(folder: Path) -> CaptureStore | None:
    try:
        return open_store(folder)
    except StoreError:
        return None


def _wiring(subject: Subject) -> WeightVectors | str:
    """Return a subject's weight vectors, or the reason why it has none."""
    if isinstance(subject, TransformersMLP):
        return MLPVectors(subject)
    if isinstance(subject, ModelFeatures):
        return FeatureVectors(subject)
    return f"{subject.identity.name} has no weights: its neurons are not in a model"


class _Nearest:
    """The lists of one subject's neurons."""

    def __init__(self, subject: Subject, keep: int, side: int) -> None:
        self._layers, self._width = subject.identity.layers, subject.identity.width
        self._device, self._keep, self._side = subject.device, keep, side

    def neurons(self, wiring: WeightVectors) -> dict[str, Lists]:
        """Return the relations between neurons by weight that are defined."""
        lists: dict[str, Lists] = {}
        if "upstream" not in wiring.undefined:
            lists |= self._links(wiring)
        if "similar_weights" not in wiring.undefined:
            lists["similar_weights"] = self._alike(lambda layer: _both(wiring.vectors(layer)))
        return lists

    def tokens(self, wiring: WeightVectors) -> dict[str, Lists]:
        """Return the relations with tokens that are defined."""
        names = [n for n, text in enumerate(wiring.texts) if text is not None]
        tokens = torch.tensor(names, device=self._device)
        lists = {}
        if "tokens_in" not in wiring.undefined:
            lists["tokens_in"] = self._tokens_in(wiring, tokens)
        if "tokens_out" not in wiring.undefined:
            lists["tokens_out"] = self._tokens_out(wiring, tokens)
        return lists

    def by_activation(self, store: CaptureStore) -> Lists:
        """Score by the correlation over a capture's random windows."""
        return self._alike(
            lambda layer: torch.from_numpy(unit_sample(store, layer)).to(self._device)
        )

    def _links(self, wiring: WeightVectors) -> dict[str, Lists]:
        """Score by the cosine of what a neuron writes with what a later layer's neuron reads.

        What is written is first carried to the later layer.
        """
        up, down = self._best(), self._best()
        for target in range(1, self._layers):
            reads = normalize(wiring.vectors(target).reads)
            for source in range(target):
                writes = wiring.onward(wiring.vectors(source).writes, source, target)
                for row, column, scores in self._tiles(normalize(writes), reads):
                    one, other = source * self._width + row, target * self._width + column
                    down.offer(one, scores, other)
                    up.offer(other, scores.T, one)
        return {"upstream": up.lists(), "downstream": down.lists()}

    def _alike(self, vectors: Callable[[int], torch.Tensor]) -> Lists:
        """Score by the product of two neurons' vectors; one that is not a number is nobody's."""
        best = self._best()
        for layer in range(self._layers):
            mine = vectors(layer)
            for row, column, scores in self._tiles(mine, mine):
                scores.diagonal(row - column).fill_(-torch.inf)
                scores.nan_to_num_(nan=-torch.inf, neginf=-torch.inf)
                best.offer(layer * self._width + row, scores, layer * self._width + column)
            for other in range(layer):
                for row, column, scores in self._tiles(mine, vectors(other)):
                    scores.nan_to_num_(nan=-torch.inf, neginf=-torch.inf)
                    one, two = layer * self._width + row, other * self._width + column
                    best.offer(one, scores, two)
                    best.offer(two, scores.T, one)
        return best.lists()

    def _tokens_in(self, wiring: WeightVectors, tokens: torch.Tensor) -> Lists:
        """Score by what a neuron reads of a stream that holds one token alone."""
        best = self._best()
        for layer in range(self._layers):
            reads = wiring.vectors(layer).reads
            for first in range(0, len(tokens), self._side):
                held = wiring.embedded(tokens[first : first + self._side], layer)
                for row, _, scores in self._tiles(reads, held):
                    best.offer(layer * self._width + row, scores, first)
        return best.lists(tokens)

    def _tokens_out(self, wiring: WeightVectors, tokens: torch.Tensor) -> Lists:
        """Score by what a neuron adds to a token's logit, before the final norm's division."""
        best = self._best()
        for layer in range(self._layers):
            writes = wiring.vectors(layer).writes
            for first in range(0, len(tokens), self._side):
                raised = wiring.unembedded(tokens[first : first + self._side])
                for row, _, scores in self._tiles(writes, raised):
                    best.offer(layer * self._width + row, scores, first)
        return best.lists(tokens)

    def _best(self) -> Best:
        return Best(self._layers * self._width, self._keep, self._device)

    def _tiles(
        self, one: torch.Tensor, other: torch.Tensor
    ) -> Iterator[tuple[int, int, torch.Tensor]]:
        """Yield first row, first column and the products of each pair of blocks."""
        for row in range(0, len(one), self._side):
            for column in range(0, len(other), self._side):
                rows, columns = one[row : row + self._side], other[column : column + self._side]
                yield row, column, rows @ columns.T


def _both(vectors: Vectors) -> torch.Tensor:
    """Join what neurons read and write so that a product is the mean of the two cosines."""
    both = torch.cat([normalize(vectors.reads), normalize(vectors.writes)], 1)
    return both.mul(math.sqrt(0.5))
