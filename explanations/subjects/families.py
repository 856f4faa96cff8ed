"""Where the families of transformers keep their neurons.

A neuron is one entry of what an MLP's output projection reads: after the activation function, and
after the gate where there is one. So it is GELU(W x + b) in GPT-2, GPT-NeoX and BERT, and
activation(gate(x)) * up(x) in Llama and its kin, with the activation that the configuration names.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Paths below the base model: the list of layers; from a layer, its MLP's output projection."""

    layers: str
    projection: str
    causal: bool = True


_GATED = Family(layers="layers", projection="mlp.down_proj")

FAMILIES: dict[str, Family] = {
    "bert": Family(layers="encoder.layer", projection="output.dense", causal=False),
    "gemma": _GATED,
    "gemma2": _GATED,
    "gemma3_text": _GATED,
    "gpt2": Family(layers="h", projection="mlp.c_proj"),
    "gpt_neox": Family(layers="layers", projection="mlp.dense_4h_to_h"),
    "llama": _GATED,
    "mistral": _GATED,
    "qwen2": _GATED,
    "qwen3": _GATED,
}
"""By a configuration's `model_type`."""
