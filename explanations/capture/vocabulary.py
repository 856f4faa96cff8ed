"""Which tokens of a text are common enough for each neuron's mean on them to be worth keeping."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from explanations.stores.layout import packed_texts, unpacked_texts
from explanations.subjects import Batch


@dataclass(frozen=True, kw_only=True, eq=False)
class Vocabulary:
    """The most common tokens of a text's first block: their numbers, and how they are written."""

    ids: tuple[int, ...]
    pieces: tuple[str, ...]

    @classmethod
    def of(cls, batches: Iterable[Batch], size: int) -> "Vocabulary":
        """Count the tokens of some batches; each is written as it is most often."""
        seen = Counter(
            written
            for batch in batches
            for row, pieces in zip(batch.ids[:, batch.first :].tolist(), batch.pieces, strict=True)
            for written in zip(row, pieces, strict=False)
        )
        counts, pieces = Counter[int](), dict[int, str]()
        for (number, piece), count in sorted(seen.items(), key=lambda item: (-item[1], item[0])):
            counts[number] += count
            pieces.setdefault(number, piece)
        ids = sorted(counts, key=lambda number: (-counts[number], number))[:size]
        return cls(ids=tuple(ids), pieces=tuple(pieces[number] for number in ids))

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def _table(self) -> torch.Tensor:
        """The place of each token's number; numbers beyond the last known one come last."""
        table = torch.full((max(self.ids, default=0) + 2,), len(self.ids))
        table[list(self.ids)] = torch.arange(len(self.ids))
        return table

    def places(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return each token's place here, or `len(self)` where it has none; same shape."""
        table = self._table.to(numbers.device)
        return table[numbers.clamp(max=len(table) - 1)]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that hold it in a file."""
        return {
            "vocabulary.ids": np.array(self.ids, np.int64),
            **packed_texts("vocabulary.pieces", self.pieces),
        }

    @classmethod
    def restored(cls, arrays: Mapping[str, NDArray[Any]]) -> "Vocabulary":
        """Return the vocabulary that `arrays` holds."""
        pieces = unpacked_texts("vocabulary.pieces", arrays)
        return cls(ids=tuple(arrays["vocabulary.ids"].tolist()), pieces=tuple(pieces))
