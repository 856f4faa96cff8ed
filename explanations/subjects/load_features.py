"""Load the SAEs of a folder, or the directions of a file."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import torch
from torch import nn

from explanations.subjects.base import SubjectError, Vectors
from explanations.subjects.feature_reader import FeatureReader, ModelFeatures, Read, model_features
from explanations.subjects.files import settings, weights
from explanations.subjects.sae_layouts import CONFIG, StoredSAE, stored
from explanations.subjects.transformers_mlp import TransformersMLP

Host: TypeAlias = Callable[[str], TransformersMLP]
"""Loads a model by its source."""

RUN = "config.json"
"""Beside sparsify's folders of hook points: names the model."""

HUB_NAMES = {
    "gpt2-small": "openai-community/gpt2",
    "gemma-": "google/gemma-",
    "pythia-": "EleutherAI/pythia-",
}
"""Prefixes of TransformerLens's model names, and those used on the hub."""


def load_saes(given: str, host: Host) -> ModelFeatures:
    """Load `PATH` or `PATH@MODEL`: one SAE's folder, or a folder of such folders, a layer each.

    Layers are in the order of their hook points' names, numbers by value. The model is the one
    given, else the one that the SAEs name.
    """
    path, model = _split(given)
    found = _stored(path)
    subject = host(model or _model(path, found))
    layer_norm = any(isinstance(module, nn.LayerNorm) for module in subject.base.modules())
    readers = [each.reader(subject.device, layer_norm=layer_norm) for each in found]
    return model_features(f"sae:{given}", path.resolve().name, subject, readers)


def load_directions(given: str, host: Host) -> ModelFeatures:
    """Load `FILE@MODEL`: a safetensors file with an array [n, d] for each hook point.

    A neuron is a direction; its activation is the plain dot product of the model's vector with it.
    """
    path, model = _split(given)
    if not model:
        raise SubjectError(f"directions:{given} names no model: write directions:FILE@MODEL")
    if not path.is_file():
        raise SubjectError(f"there is no file {path}")
    subject = host(model)
    arrays = weights(path, subject.device)
    if not arrays:
        raise SubjectError(f"{path} is empty: it must hold an array [n, d] for each hook point")
    readers = [_directions(path, hook, arrays[hook]) for hook in sorted(arrays, key=_natural)]
    return model_features(f"directions:{given}", path.stem, subject, readers)


def _directions(path: Path, hook: str, array: torch.Tensor) -> FeatureReader:
    if array.dim() != 2 or not len(array):
        raise SubjectError(
            f"{hook} in {path} is of shape {tuple(array.shape)}: directions are an array [n, d]"
        )
    return FeatureReader(
        hook=hook,
        inputs=array.shape[1],
        width=len(array),
        read=_projection(array),
        vectors=lambda: Vectors(reads=array, writes=array),
    )


def _projection(directions: torch.Tensor) -> Read:
    return lambda vectors: vectors.float() @ directions.T


def _split(given: str) -> tuple[Path, str]:
    """Split `PATH@MODEL`. A path that exists as it stands names no model."""
    whole = Path(given).expanduser()
    if whole.exists() or "@" not in given:
        return whole, ""
    path, _, model = given.partition("@")
    return Path(path).expanduser(), model


def _stored(path: Path) -> list[StoredSAE]:
    if (path / CONFIG).exists():
        return [stored(path)]
    if not path.is_dir():
        raise SubjectError(
            f"there is no folder {path}: give one that holds an SAE's {CONFIG}; get it with "
            "`hf download REPOSITORY --local-dir FOLDER`"
        )
    found = [stored(each.parent) for each in path.glob(f"*/{CONFIG}")]
    if not found:
        raise SubjectError(f"neither {path} nor a folder in it holds an SAE's {CONFIG}")
    return sorted(found, key=lambda sae: _natural(sae.hook))


def _model(path: Path, found: list[StoredSAE]) -> str:
    """Return the one model that SAEs name."""
    names = {sae.model for sae in found if sae.model}
    if not names:
        names = {named for folder in (path, path.parent) if (named := _run_model(folder))}
    if len(names) != 1:
        said = f"name {', '.join(sorted(names))}" if names else "name no model"
        raise SubjectError(f"the SAEs of {path} {said}: write sae:{path}@MODEL")
    return _on_hub(names.pop())


def _run_model(folder: Path) -> str:
    if not (folder / RUN).exists():
        return ""
    return str(settings(folder / RUN).get("model") or "")


def _on_hub(name: str) -> str:
    for begins, instead in HUB_NAMES.items():
        if name.startswith(begins):
            return instead + name.removeprefix(begins)
    return name


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what orders names with their numbers by value: `layers.2` before `layers.10`."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
