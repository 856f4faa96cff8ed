"""Where the families of transformers keep their neurons and their residual stream.

A neuron is one entry of what an MLP's output projection reads: after the activation function, and
after the gate where there is one. So it is activation(W x + b) in GPT-2, GPT-NeoX and BERT, and
activation(gate(x)) * up(x) in Llama and its kin, with the activation that the configuration names.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """Paths: the list of layers below the base model, all others below a layer.

    The residual stream enters a layer as its input and leaves it as its output, or as the input of
    `end` where a norm closes the layer. `middle` reads the stream between attention and MLP; it is
    empty where both read the same. `mlp` gives what the MLP adds to the stream.
    """

    layers: str
    projection: str
    mlp: str = "mlp"
    middle: str = ""
    end: str = ""
    causal: bool = True
    offset: bool = False  # positions count from the padding token's number + 1, as in RoBERTa


_GATED = Architecture(
    layers="layers", projection="mlp.down_proj", middle="post_attention_layernorm"
)
_GPT2 = Architecture(layers="h", projection="mlp.c_proj", middle="ln_2")
_BERT = Architecture(
    layers="encoder.layer",
    projection="output.dense",
    mlp="output.dense",
    middle="attention.output.LayerNorm",
    end="output.LayerNorm",
    causal=False,
)
_ROBERTA = replace(_BERT, offset=True)
_GEMMA2 = replace(_GATED, mlp="post_feedforward_layernorm", middle="pre_feedforward_layernorm")
_OLMO2 = replace(_GEMMA2, middle="mlp")

ARCHITECTURES: dict[str, Architecture] = {
    "bert": _BERT,
    "camembert": _ROBERTA,
    "distilbert": Architecture(
        layers="transformer.layer",
        projection="ffn.lin2",
        mlp="ffn",
        middle="sa_layer_norm",
        end="output_layer_norm",
        causal=False,
    ),
    "electra": _BERT,
    "gemma": _GATED,
    "gemma2": _GEMMA2,
    "gemma3_text": _GEMMA2,
    "gpt2": _GPT2,
    "gpt_bigcode": _GPT2,
    "gpt_neo": _GPT2,
    "gpt_neox": Architecture(layers="layers", projection="mlp.dense_4h_to_h"),
    "gptj": Architecture(layers="h", projection="mlp.fc_out"),
    "llama": _GATED,
    "mistral": _GATED,
    "modernbert": Architecture(
        layers="layers", projection="mlp.Wo", middle="mlp_norm", causal=False
    ),
    "mpnet": replace(_ROBERTA, middle="attention.LayerNorm"),
    "olmo": _GATED,
    "olmo2": _OLMO2,
    "olmo3": _OLMO2,
    "phi": Architecture(layers="layers", projection="mlp.fc2"),
    "phi3": _GATED,
    "qwen2": _GATED,
    "qwen3": _GATED,
    "roberta": _ROBERTA,
    "smollm3": _GATED,
    "starcoder2": replace(_GATED, projection="mlp.c_proj"),
    "xlm-roberta": _ROBERTA,
}
"""By a configuration's `model_type`."""
