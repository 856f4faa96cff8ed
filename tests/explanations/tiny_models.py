"""Small random models of every family, and how to look inside them without our own code."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from tokenizers.decoders import ByteLevel
from transformers import AutoModel, AutoModelForCausalLM, PreTrainedTokenizerFast

TEXTS = (
    "The cat sat on the mat, and  the dog\n\nwatched it sit.",
    "A naïve 😀 fish.\n",
    "She sold it, they said, in spring. " * 3,
)

_SMALL: dict[str, Any] = {"num_attention_heads": 2, "num_hidden_layers": 2, "vocab_size": 300}
_IDS: dict[str, Any] = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
_PLAIN = _SMALL | _IDS | {"hidden_size": 16, "intermediate_size": 24, "max_position_embeddings": 48}
_GROUPED = _PLAIN | {"num_key_value_heads": 1}
_GATED = _GROUPED | {"head_dim": 8}
_GPT2 = {"n_embd": 16, "n_layer": 2, "n_head": 2, "n_inner": 24, "vocab_size": 300} | _IDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiny:
    """A family: the class of its configuration, its settings, and its neurons' module."""

    config: str
    settings: dict[str, Any]
    projection: str
    causal: bool = True
    positions: int = 48

    def create(self) -> Any:
        """Return a random model, with norms and biases that are not trivial."""
        torch.manual_seed(0)
        config: Any = getattr(transformers, self.config)(**self.settings)
        auto: Any = AutoModelForCausalLM if self.causal else AutoModel
        model = auto.from_config(config)
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.dim() == 1:
                    parameter.add_(torch.randn_like(parameter) * 0.3)
        return model.eval()

    def save(self, folder: Path, *, bos: bool = True) -> Path:
        """Write a model and its tokenizer to a folder."""
        self.create().save_pretrained(folder)
        tokenizer(bos=bos).save_pretrained(folder)
        return folder


_BERT = "encoder.layer.{}.output.dense"
_DOWN = "model.layers.{}.mlp.down_proj"

ARCHITECTURES: dict[str, Tiny] = {
    "bert": Tiny(config="BertConfig", settings=_PLAIN, projection=_BERT, causal=False),
    "camembert": Tiny(
        config="CamembertConfig", settings=_PLAIN, projection=_BERT, causal=False, positions=47
    ),
    "distilbert": Tiny(
        config="DistilBertConfig",
        settings=_IDS
        | {"dim": 16, "hidden_dim": 24, "n_layers": 2, "n_heads": 2, "vocab_size": 300}
        | {"max_position_embeddings": 48},
        projection="transformer.layer.{}.ffn.lin2",
        causal=False,
    ),
    "electra": Tiny(
        config="ElectraConfig",
        settings=_PLAIN | {"embedding_size": 16},
        projection=_BERT,
        causal=False,
    ),
    "gemma": Tiny(config="GemmaConfig", settings=_GATED, projection=_DOWN),
    "gemma2": Tiny(config="Gemma2Config", settings=_GATED, projection=_DOWN),
    "gemma3_text": Tiny(config="Gemma3TextConfig", settings=_GATED, projection=_DOWN),
    "gpt2": Tiny(
        config="GPT2Config",
        settings=_GPT2 | {"n_positions": 48},
        projection="transformer.h.{}.mlp.c_proj",
    ),
    "gpt_bigcode": Tiny(
        config="GPTBigCodeConfig",
        settings=_GPT2 | {"n_positions": 48},
        projection="transformer.h.{}.mlp.c_proj",
    ),
    "gpt_neo": Tiny(
        config="GPTNeoConfig",
        settings=_IDS
        | {"hidden_size": 16, "num_layers": 2, "num_heads": 2, "intermediate_size": 24}
        | {"attention_types": [[["global", "local"], 1]], "vocab_size": 300}
        | {"max_position_embeddings": 48},
        projection="transformer.h.{}.mlp.c_proj",
    ),
    "gpt_neox": Tiny(
        config="GPTNeoXConfig",
        settings=_PLAIN,
        projection="gpt_neox.layers.{}.mlp.dense_4h_to_h",
    ),
    "gptj": Tiny(
        config="GPTJConfig",
        settings=_GPT2 | {"n_positions": 48, "rotary_dim": 4},
        projection="transformer.h.{}.mlp.fc_out",
    ),
    "llama": Tiny(config="LlamaConfig", settings=_GATED, projection=_DOWN),
    "mistral": Tiny(config="MistralConfig", settings=_GATED, projection=_DOWN),
    "modernbert": Tiny(
        config="ModernBertConfig",
        settings=_PLAIN | {"cls_token_id": 1, "sep_token_id": 2},
        projection="layers.{}.mlp.Wo",
        causal=False,
    ),
    "mpnet": Tiny(
        config="MPNetConfig", settings=_PLAIN, projection=_BERT, causal=False, positions=47
    ),
    "olmo": Tiny(config="OlmoConfig", settings=_GROUPED, projection=_DOWN),
    "olmo2": Tiny(config="Olmo2Config", settings=_GROUPED, projection=_DOWN),
    "olmo3": Tiny(config="Olmo3Config", settings=_GROUPED, projection=_DOWN),
    "phi": Tiny(config="PhiConfig", settings=_PLAIN, projection="model.layers.{}.mlp.fc2"),
    "phi3": Tiny(config="Phi3Config", settings=_GROUPED, projection=_DOWN),
    "qwen2": Tiny(config="Qwen2Config", settings=_GROUPED, projection=_DOWN),
    "qwen3": Tiny(config="Qwen3Config", settings=_GATED, projection=_DOWN),
    "roberta": Tiny(
        config="RobertaConfig", settings=_PLAIN, projection=_BERT, causal=False, positions=47
    ),
    "smollm3": Tiny(config="SmolLM3Config", settings=_GROUPED, projection=_DOWN),
    "starcoder2": Tiny(
        config="Starcoder2Config", settings=_GROUPED, projection="model.layers.{}.mlp.c_proj"
    ),
    "xlm-roberta": Tiny(
        config="XLMRobertaConfig", settings=_PLAIN, projection=_BERT, causal=False, positions=47
    ),
}


def tokenizer(*, bos: bool, texts: Sequence[str] = TEXTS) -> Any:
    """Return a tokenizer of 300 byte-level tokens with specials for either kind of family."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<s>", "[CLS]", "[SEP]"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    named = {"cls_token": "[CLS]", "sep_token": "[SEP]"} | ({"bos_token": "<s>"} if bos else {})
    fast: Any = PreTrainedTokenizerFast
    return fast(tokenizer_object=backend, **named)


def plain_hook(model: Any, paths: list[str], ids: list[int]) -> list[torch.Tensor]:
    """Run one unpadded text with an ordinary hook: each module's input, [tokens, width]."""
    seen: list[torch.Tensor] = []
    modules = dict(model.named_modules())
    handles = [
        modules[path].register_forward_hook(
            lambda _module, inputs, _output: seen.append(inputs[0].reshape(len(ids), -1))
        )
        for path in paths
    ]
    with torch.no_grad():
        model(input_ids=torch.tensor([ids]))
    for handle in handles:
        handle.remove()
    return seen


def differs(subject: Any, model: Any, path: str, texts: tuple[str, ...], budget: int) -> float:
    """Return the largest difference between a subject's activations and a plain hook's."""
    paths = [path.format(layer) for layer in range(subject.layers)]
    worst = 0.0
    for batch in subject.encode(texts, budget=budget):
        given: dict[int, torch.Tensor] = {}
        subject.run(batch, given.__setitem__)
        for row in range(len(batch.texts)):
            size = int(batch.mask[row].sum())
            for layer, plain in enumerate(plain_hook(model, paths, batch.ids[row, :size].tolist())):
                worst = max(worst, float((given[layer][row, :size] - plain).abs().max()))
    return worst
