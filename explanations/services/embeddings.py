"""Explanations as vectors of a sentence encoder."""

from collections.abc import Mapping

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from explanations.models import Embedding
from explanations.records import packed


@transaction.atomic
def embeddings_store(*, encoder: str, vectors: Mapping[int, NDArray[np.float32]]) -> None:
    """Store a unit vector for each explanation, by its key; stored vectors are kept."""
    Embedding.objects.bulk_create(
        (
            Embedding(explanation_id=key, encoder=encoder, vector=packed(vector))
            for key, vector in vectors.items()
        ),
        ignore_conflicts=True,
    )
