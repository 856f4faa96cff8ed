"""Loading a model from the hub, a folder or an installed package, quietly, with clear errors."""

import importlib.metadata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import (
    GatedRepoError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from explanations.pretrained import package_folder, silenced
from explanations.stores.reader import SubjectIdentity
from explanations.subjects.architectures import ARCHITECTURES, Architecture
from explanations.subjects.base import SubjectError, enough_memory
from explanations.subjects.tokenization import text_tokenizer
from explanations.subjects.transformers_mlp import TransformersMLP

PACKAGE = "package:"
_INDEX = "{layer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a model's files are: a folder or a hub id, and what to call it."""

    path: str
    name: str
    revision: str

    @property
    def told(self) -> dict[str, Any]:
        """What the library must be told beside the path: never to run or offer a model's code."""
        local = Path(self.path).is_dir() or not self.revision
        return {"trust_remote_code": False} | ({} if local else {"revision": self.revision})


def load_transformer(
    source: str | Path,
    *,
    revision: str = "",
    device: str | torch.device | None = None,
    dtype: torch.dtype | None = None,
    limit: int | None = None,
) -> TransformersMLP:
    """Load the MLP neurons of a transformer.

    `source` is a hub id, a folder, or `package:NAME`: a folder `model` inside an installed Python
    package. `limit` lowers the model's own limit on a text's tokens. By default a GPU is used where
    there is one, and bfloat16 there and on processors that multiply it (AMX); else float32.
    Raises `SubjectError` saying what to do.
    """
    place = _place(str(source), revision)
    on = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    # Set explicitly, the thread count is fixed; otherwise the matrix library picks one for each
    # multiplication, and captures with two threads run at .71 instead of .84 of the bare pass.
    torch.set_num_threads(torch.get_num_threads())
    with silenced(logging), _explained(place):
        config = AutoConfig.from_pretrained(place.path, **place.told)
        family = _family(config, place)
        model = _model(place, family, dtype or best_dtype(on)).to(on).eval()
        tokenizer = AutoTokenizer.from_pretrained(place.path, **place.told)
    projections = tuple(_at(layer, family.projection) for layer in _layers(model, family))
    return TransformersMLP(
        identity=_identity(str(source), place, model, family, projections),
        model=model,
        base=model.base_model,
        projections=projections,
        tokenizer=text_tokenizer(
            tokenizer,
            causal=family.causal,
            positions=_positions(config, family),
            limit=limit,
        ),
    )


def best_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the device multiplies it quickly, float32 elsewhere."""
    if device.type != "cpu":
        return torch.bfloat16
    flags = Path("/proc/cpuinfo")
    quick = flags.exists() and "amx_bf16" in flags.read_text()
    return torch.bfloat16 if quick else torch.float32


def _place(source: str, revision: str) -> _Place:
    if source.startswith(PACKAGE):
        return _package(source.removeprefix(PACKAGE), revision)
    path = Path(source).expanduser()
    if path.is_dir():
        return _Place(path=str(path), name=path.resolve().name, revision=revision)
    if source.startswith(("/", ".", "~")) or source.count("/") > 1:
        raise SubjectError(f"there is no folder {source}: give one that holds config.json")
    return _Place(path=source, name=source, revision=revision)


def _package(name: str, revision: str) -> _Place:
    found = package_folder(name)
    if found is None:
        raise SubjectError(
            f"no installed package {name} holds a folder `model`: pip install "
            f"{name.replace('_', '-')}, or the `models` extra"
        )
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = ""
    return _Place(path=str(found), name=name, revision=revision or version)


def _family(config: Any, place: _Place) -> Architecture:
    family = ARCHITECTURES.get(config.model_type)
    if family is None:
        raise SubjectError(
            f"{place.name} is of the family {config.model_type!r}, which isn't supported. Known "
            f"are {', '.join(ARCHITECTURES)}; an entry in subjects/architectures.py adds another"
        )
    return family


def _positions(config: Any, family: Architecture) -> int:
    """Return the most tokens that a model reads at once."""
    reserved = config.pad_token_id + 1 if family.offset else 0
    return int(config.max_position_embeddings) - reserved


def _model(place: _Place, family: Architecture, dtype: torch.dtype) -> Any:
    auto = AutoModelForCausalLM if family.causal else AutoModel
    return auto.from_pretrained(place.path, dtype=dtype, **place.told)


def _identity(
    source: str, place: _Place, model: Any, family: Architecture, projections: tuple[nn.Module, ...]
) -> SubjectIdentity:
    head = "" if model.base_model is model else f"{model.base_model_prefix}."
    return SubjectIdentity(
        name=place.name,
        source=source,
        revision=place.revision or getattr(model.config, "_commit_hash", None) or "",
        hook=f"{head}{family.layers}.{_INDEX}.{family.projection}",
        dtype=str(model.dtype).removeprefix("torch."),
        tokenizer=place.name,
        layers=len(projections),
        width=_width(projections[0]),
    )


def _layers(model: Any, family: Architecture) -> nn.ModuleList:
    layers: nn.ModuleList = _at(model.base_model, family.layers)
    return layers


def _width(projection: Any) -> int:
    """Return how many neurons a projection reads; GPT-2 stores its weights the other way round."""
    if isinstance(projection, nn.Linear):
        return projection.in_features
    return int(projection.weight.shape[0])


def _at(module: Any, path: str) -> Any:
    return reduce(getattr, path.split("."), module)


@contextmanager
def _explained(place: _Place) -> Iterator[None]:
    """Turn what the library raises into one line that says what to do."""
    remedy = "use a smaller model, bfloat16, or a machine with more"
    try:
        with enough_memory(f"load {place.name}", remedy):
            yield
    except SafetensorError as error:
        raise SubjectError(
            f"the weights of {place.name} are broken or cut off: get them again. The library says: "
            f"{error}"
        ) from error
    except (OSError, ValueError, ImportError, RuntimeError) as error:
        raise SubjectError(
            f"{place.name} could not be loaded: {_advice(error)}. The library says: "
            f"{str(error).strip().splitlines()[0]}"
        ) from error


_ADVICE: dict[type[BaseException], str] = {
    GatedRepoError: "it is gated; accept its terms on its page on the hub and run `hf auth login`",
    RevisionNotFoundError: "it has no such revision; give a branch, a tag or a commit that it has",
    RepositoryNotFoundError: "the hub has no such model, or it is private; check the name, or run "
    "`hf auth login`",
    LocalEntryNotFoundError: "it is not on this machine and the hub was not reached; give a "
    "folder, or download it where there is a network",
    ImportError: "a package is missing; install what the library names",
}
"""What to do by what was raised first; the first that fits is said."""


def _advice(error: BaseException) -> str:
    """Say what to do about an error, by what led to it."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    for kind, advice in _ADVICE.items():
        if any(isinstance(each, kind) for each in chain):
            return advice
    return "check the name, or that the folder holds a config.json, weights and a tokenizer"
