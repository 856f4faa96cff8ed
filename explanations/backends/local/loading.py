"""Loading a causal language model: how it encodes texts, and which tokens are numbers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import linear
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

from explanations.pretrained import silenced

NUMBERS = tuple(str(number) for number in range(11))


class LocalModelError(LookupError):
    """A model that cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Loaded:
    """A model and its tokenizer. `limit` is the maximum number of tokens of its input."""

    source: str
    model: Any
    tokenizer: Any
    limit: int
    opening: tuple[int, ...]  # the tokens before every text

    @property
    def device(self) -> torch.device:
        """Return the device of the model."""
        device: torch.device = self.model.device
        return device

    def coded(self, text: str) -> list[int]:
        """Return the tokens of a text at the beginning of a line, without special tokens.

        It is encoded with a line break before it, or some tokenizers would add a space.
        """
        before = self._ids("\n")
        after = self._ids("\n" + text)
        whole = after[: len(before)] == before
        return after[len(before) :] if whole else self._ids(text)

    def begun(self, text: str) -> list[int]:
        """Return the tokens of a text at the beginning of the input."""
        return [*self.opening, *self._ids(text)]

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids


@dataclass(frozen=True, slots=True, eq=False)
class NumberHead:
    """The rows of the output projection for the numbers; `ids` are their tokens by text."""

    ids: dict[str, int]
    weight: torch.Tensor  # float32
    bias: torch.Tensor | None
    config: Any

    def logprobs(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return log probabilities over the numbers alone, float32 [..., numbers]."""
        return torch.log_softmax(self.logits(hidden), dim=-1)

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the whole model's logits for the numbers, float32 [..., numbers]."""
        logits = linear(hidden.float(), self.weight, self.bias)
        logits = logits * (getattr(self.config, "logit_scale", None) or 1.0)
        logits = logits / (getattr(self.config, "logits_scaling", None) or 1.0)
        cap = getattr(self.config, "final_logit_softcapping", None)
        return cap * torch.tanh(logits / cap) if cap else logits


def load(source: str, device: str | torch.device | None = None) -> Loaded:
    """Return a model loaded from a folder or hub id: bfloat16 on a GPU, else float32.

    No code from the model's repository is run. Raises `LocalModelError`.
    """
    on = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    dtype = torch.bfloat16 if on.type == "cuda" else torch.float32
    with silenced(logging), _explained(source):
        config = AutoConfig.from_pretrained(source, trust_remote_code=False)
        tokenizer: Any = AutoTokenizer.from_pretrained(source, trust_remote_code=False)
        model: Any = AutoModelForCausalLM.from_pretrained(
            source, dtype=dtype, trust_remote_code=False
        )
    positions = getattr(config.get_text_config(), "max_position_embeddings", None) or 2**20
    return Loaded(
        source=source,
        model=model.to(on).eval(),
        tokenizer=tokenizer,
        limit=min(positions, tokenizer.model_max_length),
        opening=() if tokenizer.bos_token_id is None else (tokenizer.bos_token_id,),
    )


@contextmanager
def _explained(source: str) -> Iterator[None]:
    """Turn errors of loading into a `LocalModelError` that says what to do."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError) as error:
        kind = "folder" if Path(source).is_dir() else "hub id or folder"
        raise LocalModelError(
            f"local:{source} cannot be loaded as a causal language model: {str(error)[:200]}. "
            f"Name a {kind} that holds one in transformers' format, with its tokenizer"
        ) from error


def number_head(loaded: Loaded) -> NumberHead:
    """Return the head for the numbers that are one token each after a tab: 0 to 10, or to 9.

    Raises `LocalModelError` for a tokenizer that splits smaller numbers too, and for a model whose
    logits are more than a projection of its last states.
    """
    found = {text: token for text in NUMBERS if (token := _one_token(loaded, text)) is not None}
    if missing := [text for text in NUMBERS[:10] if text not in found]:
        raise LocalModelError(
            f"the tokenizer of {loaded.source} has no single token for {', '.join(missing)}: "
            'set `way` to "written"'
        )
    ids = torch.tensor(list(found.values()), device=loaded.device)
    projection = loaded.model.get_output_embeddings()
    bias = getattr(projection, "bias", None)
    head = NumberHead(
        ids=found,
        weight=projection.weight.detach()[ids].float(),
        bias=None if bias is None else bias.detach()[ids].float(),
        config=loaded.model.config.get_text_config(),
    )
    _check(loaded, head, ids)
    return head


def _one_token(loaded: Loaded, number: str) -> int | None:
    before, after = loaded.coded("a\t"), loaded.coded(f"a\t{number}")
    one = len(after) == len(before) + 1 and after[:-1] == before
    return after[-1] if one and after[-1] != loaded.tokenizer.unk_token_id else None


@torch.inference_mode()
def _check(loaded: Loaded, head: NumberHead, ids: torch.Tensor) -> None:
    text = torch.tensor([loaded.begun("a\t1\n")], device=loaded.device)
    whole = loaded.model(input_ids=text).logits[..., ids].float()
    mine = head.logits(loaded.model.base_model(input_ids=text).last_hidden_state)
    rough = 1e-3 if loaded.model.dtype == torch.float32 else 0.25
    if not torch.allclose(whole, mine, atol=rough, rtol=rough):
        raise LocalModelError(
            f"the output layer of {loaded.source} is not supported: serve it with vLLM and name "
            "that server"
        )
