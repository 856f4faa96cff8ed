"""Small random SAEs in others' layouts, written without our own code."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

INPUTS, LATENTS = 16, 40


def saelens(
    folder: Path,
    *,
    hook: str = "blocks.0.hook_resid_post",
    model: str = "",
    inputs: int = INPUTS,
    latents: int = LATENTS,
    extra: dict[str, torch.Tensor] | None = None,
    **config: Any,
) -> dict[str, torch.Tensor]:
    """Write an SAE as SAELens 6 does, and return its arrays."""
    torch.manual_seed(len(hook) + latents)
    arrays = {
        "W_enc": torch.randn(inputs, latents),
        "b_enc": torch.randn(latents),
        "W_dec": torch.randn(latents, inputs),
        "b_dec": torch.randn(inputs),
    } | (extra or {})
    settings = {
        "architecture": "standard",
        "d_in": inputs,
        "d_sae": latents,
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {"hook_name": hook, "model_name": model, "sae_lens_version": "6.0.0"},
    } | config
    write(folder, settings, "sae_weights.safetensors", arrays)
    return arrays


def sparsify(
    folder: Path, *, latents: int = LATENTS, inputs: int = INPUTS, **config: Any
) -> dict[str, torch.Tensor]:
    """Write an SAE as sparsify does, in a folder named after its hook point."""
    torch.manual_seed(len(folder.name) + latents)
    arrays = {
        "encoder.weight": torch.randn(latents, inputs),
        "encoder.bias": torch.randn(latents),
        "W_dec": torch.randn(latents, inputs),
        "b_dec": torch.randn(inputs),
    }
    settings = {"activation": "topk", "k": 4, "num_latents": latents, "d_in": inputs} | config
    write(folder, settings, "sae.safetensors", arrays)
    return arrays


def write(
    folder: Path, settings: dict[str, Any], name: str, arrays: dict[str, torch.Tensor]
) -> None:
    """Write settings and weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cfg.json").write_text(json.dumps(settings))
    save_file(arrays, folder / name)


def stream(model: Any, ids: torch.Tensor, after: int) -> torch.Tensor:
    """Return the residual stream after so many layers, as the library itself reports it."""
    with torch.no_grad():
        states = model(input_ids=ids, output_hidden_states=True).hidden_states
    return states[after][0]


def output(model: Any, ids: torch.Tensor, path: str) -> torch.Tensor:
    """Return what a module gives on a text, by an ordinary hook."""
    seen: list[torch.Tensor] = []
    handle = model.get_submodule(path).register_forward_hook(
        lambda _module, _inputs, given: seen.append(given)
    )
    with torch.no_grad():
        model(input_ids=ids)
    handle.remove()
    return seen[0][0]
