"""Others' layouts of SAE files: a folder of each SAE with `cfg.json` and its weights.

SAELens: `sae_weights.safetensors`. EleutherAI's sparsify: `sae.safetensors`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import torch

from explanations.subjects import saes
from explanations.subjects.base import SubjectError, Vectors
from explanations.subjects.feature_reader import FeatureReader
from explanations.subjects.files import expect, settings, weights

Arrays: TypeAlias = Mapping[str, torch.Tensor]

CONFIG = "cfg.json"
SAELENS, SPARSIFY = "sae_weights.safetensors", "sae.safetensors"

HARMLESS = frozenset(
    {
        "center_unembed",
        "device",
        "dtype",
        "fold_ln",
        "fold_value_biases",
        "low_cpu_mem_usage",
        "n_devices",
        "refactor_factored_attn_matrices",
        "torch_dtype",
    }
)
"""Settings of TransformerLens that change neither the residual stream nor what an MLP adds."""

NORMALIZE: dict[str, saes.Map] = {
    "none": saes.as_they_are,
    "layer_norm": saes.standardized,
    "constant_norm_rescale": saes.rescaled,
}

_NAMES = (
    "hook_name",
    "hook_point",
    "model_name",
    "hook_head_index",
    "model_from_pretrained_kwargs",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSAE:
    """One SAE's folder and settings, before its weights are read.

    `hook` is where it reads; `model` what it names as its model, empty where it names none.
    """

    folder: Path
    config: dict[str, Any]
    hook: str
    model: str

    def reader(self, device: torch.device, *, layer_norm: bool) -> FeatureReader:
        """Read the weights. `layer_norm`: whether the model's norms take the mean away."""
        if (self.folder / SPARSIFY).exists():
            return _sparsify(self, device)
        return _saelens(self, device, layer_norm=layer_norm)


def stored(folder: Path) -> StoredSAE:
    """Read the settings of one SAE's folder."""
    config = settings(folder / CONFIG)
    if (folder / SPARSIFY).exists():
        return StoredSAE(folder=folder, config=config, hook=folder.name, model="")
    if not (folder / SAELENS).exists():
        raise SubjectError(
            f"{folder} holds no weights of an SAE: {SAELENS} (SAELens) or {SPARSIFY} (sparsify) "
            "must stand beside cfg.json"
        )
    config = _flat(config)
    if not config.get("hook_name"):
        raise SubjectError(f"{folder / CONFIG} names no hook_name: add the hook point it reads")
    return StoredSAE(
        folder=folder,
        config=config,
        hook=str(config["hook_name"]),
        model=str(config.get("model_name") or ""),
    )


def _flat(config: dict[str, Any]) -> dict[str, Any]:
    """Return SAELens's settings of any version in one form, names of today at the top."""
    metadata = config.get("metadata") or {}
    flat = config | {name: metadata[name] for name in _NAMES if name in metadata}
    flat.setdefault("hook_name", flat.get("hook_point"))
    activation = flat.get("activation_fn") or flat.get("activation_fn_str") or "relu"
    if activation == "topk":
        flat |= {"architecture": "topk", "k": (flat.get("activation_fn_kwargs") or {}).get("k")}
    elif activation != "relu":
        flat["architecture"] = activation
    flat.setdefault("architecture", "standard")
    if isinstance(flat.get("normalize_activations"), bool):
        scaled = flat["normalize_activations"]
        flat["normalize_activations"] = "expected_average_only_in" if scaled else "none"
    return flat


def _saelens(sae: StoredSAE, device: torch.device, *, layer_norm: bool) -> FeatureReader:
    path, config = sae.folder / SAELENS, sae.config
    arrays = weights(path, device)
    if "W_enc" not in arrays or arrays["W_enc"].dim() != 2:
        raise SubjectError(f"{path} holds no matrix W_enc [d_in, d_sae]: is it an SAE of SAELens?")
    inputs, width = arrays["W_enc"].shape
    _agrees(sae, {"d_in": inputs, "d_sae": width})
    _refuse_heads(sae)
    return FeatureReader(
        hook=sae.hook,
        inputs=inputs,
        width=width,
        vectors=partial(_vectors, path, device, width, inputs),
        read=saes.Autoencoder(
            weight=arrays["W_enc"],
            bias=_bias(sae, path, arrays, width),
            shift=_shift(path, arrays, inputs, subtracts=config.get("apply_b_dec_to_input", True)),
            normalize=_normalization(sae, layer_norm=layer_norm),
            activate=_activation(sae, path, arrays, width),
        ),
    )


def _bias(sae: StoredSAE, path: Path, arrays: Arrays, width: int) -> torch.Tensor:
    """Return the encoder's bias; a gated SAE has two of its own instead."""
    if sae.config["architecture"] == "gated":
        return arrays["W_enc"].new_zeros(width)
    expect(path, arrays, {"b_enc": (width,)})
    return arrays["b_enc"]


def _shift(path: Path, arrays: Arrays, inputs: int, *, subtracts: bool) -> torch.Tensor:
    """Return what is taken away from a vector before it is encoded: the decoder's bias, or 0."""
    if not subtracts:
        return next(iter(arrays.values())).new_zeros(inputs)
    expect(path, arrays, {"b_dec": (inputs,)})
    return arrays["b_dec"]


def _activation(sae: StoredSAE, path: Path, arrays: Arrays, width: int) -> saes.Map:
    kind = str(sae.config["architecture"])
    if kind not in ACTIVATIONS:
        raise SubjectError(
            f"{sae.folder.name} is an SAE of the kind {kind!r}, which this version cannot "
            f"compute: it knows {', '.join(ACTIVATIONS)}"
        )
    activate = ACTIVATIONS[kind](sae, path, arrays, width)
    if sae.config.get("rescale_acts_by_decoder_norm"):
        expect(path, arrays, {"W_dec": (width, arrays["W_enc"].shape[0])})
        return saes.scaled(arrays["W_dec"].norm(dim=-1), activate)
    return activate


def _standard(_sae: StoredSAE, _path: Path, _arrays: Arrays, _width: int) -> saes.Map:
    return torch.relu


def _top(sae: StoredSAE, _path: Path, _arrays: Arrays, width: int) -> saes.Map:
    return saes.top(_k(sae, width))


def _jump(_sae: StoredSAE, path: Path, arrays: Arrays, width: int) -> saes.Map:
    """Return JumpReLU; one threshold for all latents is what BatchTopK has after training."""
    if "log_threshold" in arrays:
        arrays = {**arrays, "threshold": arrays["log_threshold"].exp()}
    elif "threshold" not in arrays and "topk_threshold" in arrays:
        arrays = {**arrays, "threshold": arrays["topk_threshold"].expand(width)}
    expect(path, arrays, {"threshold": (width,)})
    return saes.above(arrays["threshold"])


def _gated(_sae: StoredSAE, path: Path, arrays: Arrays, width: int) -> saes.Map:
    expect(path, arrays, dict.fromkeys(("b_gate", "r_mag", "b_mag"), (width,)))
    return saes.gated(arrays["b_gate"], arrays["r_mag"], arrays["b_mag"])


ACTIVATIONS: dict[str, Callable[[StoredSAE, Path, Arrays, int], saes.Map]] = {
    "standard": _standard,
    "jumprelu": _jump,
    "topk": _top,
    "batchtopk": _jump,
    "matryoshka_batchtopk": _jump,
    "gated": _gated,
}
"""SAELens's `architecture`."""


def _normalization(sae: StoredSAE, *, layer_norm: bool) -> saes.Map:
    name = sae.config.get("normalize_activations") or "none"
    if name not in NORMALIZE:
        hint = (
            "; fold its scaling factor into the weights with SAELens's "
            "fold_activation_norm_scaling_factor and save it again"
            if name == "expected_average_only_in"
            else ""
        )
        raise SubjectError(
            f"{sae.folder.name} wants its vectors normalized by {name!r}, which its files do not "
            f"define{hint}; known are {', '.join(NORMALIZE)}"
        )
    in_stream = not sae.hook.endswith("mlp.hook_post")
    if not (_wants_centred(sae) and layer_norm and in_stream):
        return NORMALIZE[name]
    normalize = NORMALIZE[name]
    return lambda vectors: normalize(saes.centred(vectors))


def _wants_centred(sae: StoredSAE) -> bool:
    """Return whether TransformerLens was told to centre all that is written to the stream."""
    wanted = sae.config.get("model_from_pretrained_kwargs") or {}
    strange = sorted(set(wanted) - HARMLESS - {"center_writing_weights"})
    if strange:
        raise SubjectError(
            f"{sae.folder.name} was trained on a model loaded with {', '.join(strange)}, which "
            "this version does not know: its latents would be wrong"
        )
    return bool(wanted.get("center_writing_weights"))


def _refuse_heads(sae: StoredSAE) -> None:
    reshaped = sae.config.get("reshape_activations", "none") not in (None, "none")
    if sae.config.get("hook_head_index") is not None or reshaped:
        raise SubjectError(
            f"{sae.folder.name} reads attention heads at {sae.hook}; only SAEs on the residual "
            "stream and on MLPs can be loaded"
        )


def _sparsify(sae: StoredSAE, device: torch.device) -> FeatureReader:
    path, config = sae.folder / SPARSIFY, sae.config
    arrays = weights(path, device)
    if "encoder.weight" not in arrays or arrays["encoder.weight"].dim() != 2:
        raise SubjectError(
            f"{path} holds no matrix encoder.weight [latents, d_in]: is it an SAE of sparsify?"
        )
    width, inputs = arrays["encoder.weight"].shape
    _agrees(sae, {"d_in": inputs})
    expect(path, arrays, {"encoder.bias": (width,)})
    transcode = bool(config.get("transcode"))
    for name in ("signed", "gram_lookup"):
        if config.get(name):
            raise SubjectError(f"{path} was trained with {name}, which cannot be computed here")
    return FeatureReader(
        hook=sae.hook,
        inputs=inputs,
        width=width,
        vectors=partial(_vectors, path, device, width, inputs),
        module_input=transcode,
        read=saes.Autoencoder(
            weight=arrays["encoder.weight"].T,
            bias=arrays["encoder.bias"],
            shift=_shift(path, arrays, inputs, subtracts=not transcode),
            normalize=saes.as_they_are,
            activate=_sparsify_activation(sae, width),
        ),
    )


def _sparsify_activation(sae: StoredSAE, width: int) -> saes.Map:
    name, k = sae.config.get("activation", "topk"), _k(sae, width)
    if name == "topk":
        return saes.top(k)
    if name == "groupmax" and width % k == 0:
        return saes.group_max(k)
    raise SubjectError(f"{sae.folder.name} has the activation {name!r} with k {k}: not known here")


def _vectors(path: Path, device: torch.device, width: int, inputs: int) -> Vectors:
    """Return the rows of an encoder and of its decoder."""
    arrays = weights(path, device)
    expect(path, arrays, {"W_dec": (width, inputs)})
    encoder = arrays["W_enc"].T if "W_enc" in arrays else arrays["encoder.weight"]
    return Vectors(reads=encoder, writes=arrays["W_dec"])


def _k(sae: StoredSAE, width: int) -> int:
    k = sae.config.get("k")
    if not isinstance(k, int) or not 0 < k <= width:
        raise SubjectError(f"{sae.folder / CONFIG} names k {k!r}: give a number from 1 to {width}")
    return k


def _agrees(sae: StoredSAE, sizes: Mapping[str, int]) -> None:
    for name, size in sizes.items():
        said = sae.config.get(name, size)
        if said != size:
            raise SubjectError(
                f"{sae.folder / CONFIG} says {name} {said}, but the weights have {size}: the "
                "files do not belong together"
            )
