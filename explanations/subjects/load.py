"""Load any subject by its source."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from explanations.subjects.base import Subject
from explanations.subjects.functions import load_functions
from explanations.subjects.load_features import Host, load_directions, load_saes
from explanations.subjects.load_transformer import load_transformer

MODEL_FEATURES: dict[str, Callable[[str, Host], Subject]] = {
    "sae": load_saes,
    "directions": load_directions,
}
"""Kinds of model features, by the prefix of their source."""

FUNCTIONS = "functions:"


def load(
    source: str | Path,
    *,
    revision: str = "",
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    limit: int | None = None,
) -> Subject:
    """Load a subject by its source.

    The MLP neurons of a transformer: a hub id, a folder, or `package:NAME`. SAE latents:
    `sae:PATH` or `sae:PATH@MODEL`. Directions: `directions:FILE@MODEL`. Functions with known
    truth: `functions:NAME` or `functions:NAME@SEED`. docs/subjects.md says what each is.

    `revision` is the model's or the functions'; `device` and `dtype` are the model's; `limit`
    lowers the most tokens of a text.
    Raises `SubjectError` saying what to do.
    """
    kind, _, rest = str(source).partition(":")
    if f"{kind}:" == FUNCTIONS:
        return load_functions(rest, revision=revision, limit=limit)
    host = partial(load_transformer, revision=revision, device=device, dtype=dtype, limit=limit)
    if kind in MODEL_FEATURES and rest:
        return MODEL_FEATURES[kind](rest, host)
    return host(source)
