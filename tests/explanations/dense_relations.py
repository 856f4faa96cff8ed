"""Small models of several families, and their relations by weight from one dense computation."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import layer_norm, normalize, rms_norm
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    BertConfig,
    DistilBertConfig,
    Gemma2Config,
    GemmaConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    ModernBertConfig,
    Olmo2Config,
    OlmoConfig,
    Phi3Config,
)

from explanations.subjects import TransformersMLP, load
from tests.explanations.tiny_models import tokenizer

LAYERS, WIDTH, STREAM = 3, 24, 16
SMALL: dict[str, Any] = {
    "bos_token_id": 0,
    "eos_token_id": 0,
    "pad_token_id": 0,
    "num_attention_heads": 2,
    "num_hidden_layers": LAYERS,
    "vocab_size": 310,
    "hidden_size": STREAM,
    "intermediate_size": WIDTH,
    "max_position_embeddings": 48,
}
GROUPED = SMALL | {"num_key_value_heads": 1}
GATED = GROUPED | {"head_dim": 8}
ENCODERS = {"bert", "distilbert", "modernbert"}

CONFIGS: dict[str, Any] = {
    "gpt2": GPT2Config(**SMALL | {"n_inner": WIDTH}),
    "gpt_neox": GPTNeoXConfig(**SMALL),
    "llama": LlamaConfig(**GATED),
    "gemma": GemmaConfig(**GATED),
    "gemma2": Gemma2Config(**GATED),
    "phi3": Phi3Config(**GROUPED),
    "olmo": OlmoConfig(**GROUPED),
    "olmo2": Olmo2Config(**GROUPED),
    "bert": BertConfig(**SMALL),
    "distilbert": DistilBertConfig(**SMALL | {"hidden_dim": WIDTH}),
    "modernbert": ModernBertConfig(**SMALL, cls_token_id=1, sep_token_id=2),
}

_END = "model.norm model.embed_tokens"
NAMES = {
    "gpt2": "transformer.h.{} mlp.c_fc mlp.c_proj ln_2 transformer.ln_f transformer.wte",
    "gpt_neox": "gpt_neox.layers.{} mlp.dense_h_to_4h mlp.dense_4h_to_h post_attention_layernorm "
    "gpt_neox.final_layer_norm gpt_neox.embed_in",
    "llama": f"model.layers.{{}} mlp.gate_proj mlp.down_proj post_attention_layernorm {_END}",
    "gemma": f"model.layers.{{}} mlp.gate_proj mlp.down_proj post_attention_layernorm {_END}",
    "gemma2": f"model.layers.{{}} mlp.gate_proj mlp.down_proj pre_feedforward_layernorm {_END}",
    "phi3": f"model.layers.{{}} mlp.gate_up_proj mlp.down_proj post_attention_layernorm {_END}",
    "olmo": f"model.layers.{{}} mlp.gate_proj mlp.down_proj post_attention_layernorm {_END}",
    "olmo2": f"model.layers.{{}} mlp.gate_proj mlp.down_proj - {_END}",
    "bert": "encoder.layer.{} intermediate.dense output.dense attention.output.LayerNorm "
    "embeddings.LayerNorm embeddings.word_embeddings",
    "distilbert": "transformer.layer.{} ffn.lin1 ffn.lin2 sa_layer_norm "
    "embeddings.LayerNorm embeddings.word_embeddings",
    "modernbert": "layers.{} mlp.Wi mlp.Wo mlp_norm embeddings.norm embeddings.tok_embeddings",
}
"""A layer; its projections in and out, the norm before; the last or first norm; the embedding."""

AFTER_SUM = {"bert": "output.LayerNorm", "distilbert": "output_layer_norm"}
"""The norm that ends a layer, where norms come after the sum."""


def made(
    family: str, folder: Path, plant: Callable[[dict[str, torch.Tensor]], None] | None = None
) -> TransformersMLP:
    """Save a small random model whose norms have gains, and load it as a subject."""
    torch.manual_seed(1)
    auto: Any = AutoModel if family in ENCODERS else AutoModelForCausalLM
    model = auto.from_config(CONFIGS[family])
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if plant is None and ("norm" in name.lower() or ".ln_" in name):
                parameter += torch.rand_like(parameter)
            elif "norm" not in name.lower():
                parameter *= 5
        if plant is not None:
            plant(dict(model.named_parameters()))
    model.save_pretrained(folder)
    tokenizer(bos=True).save_pretrained(folder)
    subject = load(folder, dtype=torch.float32, device="cpu")
    assert isinstance(subject, TransformersMLP)
    return subject


class Dense:
    """The relations of a small model, all scores at once, in float64, by the formulas in words."""

    def __init__(self, subject: TransformersMLP) -> None:
        self.family = subject.model.config.model_type
        self.state: dict[str, torch.Tensor] = {
            k: v.double() for k, v in subject.model.state_dict().items()
        }
        names = NAMES[self.family].split()
        self.layer, self.read, self.write, self.before, self.outer, self.embed = names
        self.centred = self.family in ENCODERS | {"gpt2", "gpt_neox", "olmo"}
        self.offset = 1.0 if self.family.startswith("gemma") else 0.0

    def at(self, layer: int, name: str) -> torch.Tensor:
        return self.state[f"{self.layer.format(layer)}.{name}.weight"]

    def gain(self, name: str) -> torch.Tensor:
        """Return a norm's gain; OLMo's norms have none."""
        weight = self.state.get(f"{name}.weight", torch.ones(STREAM).double() - self.offset)
        return weight + self.offset

    def inside(self, layer: int, name: str) -> torch.Tensor:
        return self.gain(f"{self.layer.format(layer)}.{name}")

    def matrix(self, gain: torch.Tensor) -> torch.Tensor:
        """Return what a norm does to a column, but for its division: gain times centring."""
        mean = torch.full((STREAM, STREAM), 1 / STREAM if self.centred else 0.0).double()
        return torch.diag(gain).mm(torch.eye(STREAM).double() - mean)

    def rows(self, layer: int) -> torch.Tensor:
        """Return what switches neurons on: the gate is the first half where both are in one."""
        weight = self.at(layer, self.read)
        return (weight.T if self.family == "gpt2" else weight)[:WIDTH]

    def reads(self, layer: int) -> torch.Tensor:
        if self.before == "-":
            return self.rows(layer)
        return self.rows(layer) @ self.matrix(self.inside(layer, self.before))

    def writes(self, layer: int) -> torch.Tensor:
        weight = self.at(layer, self.write)
        rows = weight if self.family == "gpt2" else weight.T
        if self.family in {"gemma2", "olmo2"}:
            rows = rows @ self.matrix(self.inside(layer, "post_feedforward_layernorm")).T
        return rows

    def normed(self, rows: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
        """Apply a real norm, with its division, without its bias."""
        if self.centred:
            return layer_norm(rows, rows.shape[1:], gain, eps=1e-300)
        return rms_norm(rows, rows.shape[1:], gain, eps=1e-300)

    def carried(self, rows: torch.Tensor, source: int, target: int) -> torch.Tensor:
        end = AFTER_SUM.get(self.family)
        if end is None:
            return rows
        if source >= 0:
            rows = self.normed(rows, self.inside(source, end))
        for layer in range(source + 1, target):
            rows = self.normed(rows, self.inside(layer, self.before))
            rows = self.normed(rows, self.inside(layer, end))
        return rows

    def link(self, source: int, target: int) -> torch.Tensor:
        if source >= target:
            return torch.full((WIDTH, WIDTH), -torch.inf).double()
        written = self.carried(self.writes(source), source, target)
        return normalize(written) @ normalize(self.reads(target)).T

    def downstream(self) -> torch.Tensor:
        layers = range(LAYERS)
        return torch.cat([torch.cat([self.link(a, b) for b in layers], 1) for a in layers])

    def similar(self) -> torch.Tensor:
        reads = normalize(torch.cat([self.reads(layer) for layer in range(LAYERS)]))
        writes = normalize(torch.cat([self.writes(layer) for layer in range(LAYERS)]))
        scores = (reads @ reads.T + writes @ writes.T) / 2
        return scores.fill_diagonal_(-torch.inf)

    def tokens_in(self, shown: list[int]) -> torch.Tensor:
        held = self.state[f"{self.embed}.weight"][shown]
        if self.family in ENCODERS:
            held = self.normed(held, self.gain(self.outer))
        found = []
        for layer in range(LAYERS):
            there = self.carried(held, -1, layer)
            if self.before != "-":
                there = self.normed(there, self.inside(layer, self.before))
            found.append(self.rows(layer) @ there.T)
        return torch.cat(found)

    def tokens_out(self, shown: list[int]) -> torch.Tensor:
        raised = self.state["lm_head.weight"][shown] @ self.matrix(self.gain(self.outer))
        return torch.cat([self.writes(layer) for layer in range(LAYERS)]).mm(raised.T)
