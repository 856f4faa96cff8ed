"""Where each family of transformers keeps its neurons, its residual stream and its weights.

A neuron is one entry of what an MLP's output projection reads: after the activation function, and
after the gate if there is one. So it is activation(W x + b) in GPT-2, GPT-NeoX and BERT, and
activation(gate(x)) * up(x) in Llama and the families like it, with the configuration's activation.

An entry in `ARCHITECTURES` is all that a new family needs.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """Paths of a family's modules: `layers` below the base model, all others below a layer.

    `projection` is the MLP's output projection, and `reads` the projection that switches its
    neurons on, alone or ahead of the other half of a gate. `mlp` is the module whose output the
    residual stream receives.

    The stream enters a layer as its input and leaves it as its output, or as the input of `end`
    where a norm closes the layer. `middle` reads the stream between attention and MLP; it is empty
    where both read the same.

    `before` is the norm in front of the MLP, `after` a norm on the MLP's output alone, and `stream`
    the norms that the stream itself passes where they follow the sum, as in BERT. Below the base
    model, `first` is the norm after the embedding and `final` the one before the unembedding. Each
    is empty where a family has none. `gain_offset` is added to a norm's weight to give its gain.
    """

    layers: str
    projection: str
    reads: str
    mlp: str = "mlp"
    middle: str = ""
    end: str = ""
    before: str = ""
    after: str = ""
    stream: tuple[str, ...] = ()
    first: str = ""
    final: str = ""
    gain_offset: float = 0.0
    causal: bool = True
    offset: bool = False  # positions count from the padding token's number + 1, as in RoBERTa


_GATED = Architecture(
    layers="layers",
    projection="mlp.down_proj",
    reads="mlp.gate_proj",
    middle="post_attention_layernorm",
    before="post_attention_layernorm",
    final="norm",
)
_GPT2 = Architecture(
    layers="h",
    projection="mlp.c_proj",
    reads="mlp.c_fc",
    middle="ln_2",
    before="ln_2",
    final="ln_f",
)
_BERT = Architecture(
    layers="encoder.layer",
    projection="output.dense",
    reads="intermediate.dense",
    mlp="output.dense",
    middle="attention.output.LayerNorm",
    end="output.LayerNorm",
    before="attention.output.LayerNorm",
    stream=("attention.output.LayerNorm", "output.LayerNorm"),
    first="embeddings.LayerNorm",
    causal=False,
)
_ROBERTA = replace(_BERT, offset=True)
_GEMMA = replace(_GATED, gain_offset=1.0)
_GEMMA2 = replace(
    _GEMMA,
    mlp="post_feedforward_layernorm",
    middle="pre_feedforward_layernorm",
    before="pre_feedforward_layernorm",
    after="post_feedforward_layernorm",
)
_OLMO2 = replace(
    _GATED,
    mlp="post_feedforward_layernorm",
    middle="mlp",
    before="",
    after="post_feedforward_layernorm",
)

ARCHITECTURES: dict[str, Architecture] = {
    "bert": _BERT,
    "camembert": _ROBERTA,
    "distilbert": Architecture(
        layers="transformer.layer",
        projection="ffn.lin2",
        reads="ffn.lin1",
        mlp="ffn",
        middle="sa_layer_norm",
        end="output_layer_norm",
        before="sa_layer_norm",
        stream=("sa_layer_norm", "output_layer_norm"),
        first="embeddings.LayerNorm",
        causal=False,
    ),
    "electra": _BERT,
    "gemma": _GEMMA,
    "gemma2": _GEMMA2,
    "gemma3_text": _GEMMA2,
    "gpt2": _GPT2,
    "gpt_bigcode": _GPT2,
    "gpt_neo": _GPT2,
    "gpt_neox": Architecture(
        layers="layers",
        projection="mlp.dense_4h_to_h",
        reads="mlp.dense_h_to_4h",
        before="post_attention_layernorm",
        final="final_layer_norm",
    ),
    "gptj": Architecture(
        layers="h", projection="mlp.fc_out", reads="mlp.fc_in", before="ln_1", final="ln_f"
    ),
    "llama": _GATED,
    "mistral": _GATED,
    "modernbert": Architecture(
        layers="layers",
        projection="mlp.Wo",
        reads="mlp.Wi",
        middle="mlp_norm",
        before="mlp_norm",
        first="embeddings.norm",
        causal=False,
    ),
    "mpnet": replace(
        _ROBERTA,
        middle="attention.LayerNorm",
        before="attention.LayerNorm",
        stream=("attention.LayerNorm", "output.LayerNorm"),
    ),
    "olmo": _GATED,
    "olmo2": _OLMO2,
    "olmo3": _OLMO2,
    "phi": Architecture(
        layers="layers",
        projection="mlp.fc2",
        reads="mlp.fc1",
        before="input_layernorm",
        final="final_layernorm",
    ),
    "phi3": replace(_GATED, reads="mlp.gate_up_proj"),
    "qwen2": _GATED,
    "qwen3": _GATED,
    "roberta": _ROBERTA,
    "smollm3": _GATED,
    "starcoder2": replace(_GATED, projection="mlp.c_proj", reads="mlp.c_fc"),
    "xlm-roberta": _ROBERTA,
}
"""By a configuration's `model_type`."""
