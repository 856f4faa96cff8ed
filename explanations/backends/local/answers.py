"""Answers generated token by token, several side by side, padded on the left."""

import time
from collections.abc import Sequence
from threading import Lock

import torch
from jinja2.exceptions import TemplateError

from explanations.backends.base import Callbacks
from explanations.backends.local.batches import Answerer, Encoded, padded
from explanations.backends.local.detokenizer import Detokenizer
from explanations.backends.local.generation import generate
from explanations.backends.local.loading import Loaded
from explanations.methods.values import Answer, Message, Prompt, Unusable

# The padded tokens of a batch, with all that may be generated.
BATCH_TOKENS = {"cpu": 8192, "cuda": 65536}

# A conversation for a model without a chat template; the next question ends an answer.
_ASKED, _ANSWERED = "Question:\n", "Answer:\n"
_NEXT = f"\n\n{_ASKED.strip()}"


class Answers(Answerer[Prompt, Answer]):
    """Generates answers to prompts."""

    def __init__(self, loaded: Loaded, lock: Lock) -> None:
        super().__init__(loaded, lock)
        ends = loaded.model.generation_config.eos_token_id
        also = [ends] if isinstance(ends, int) else (ends or [])
        self._stop = _NEXT if loaded.tokenizer.chat_template is None else ""
        self._ends = frozenset({loaded.tokenizer.eos_token_id, *also})

    def encode(self, part: Prompt) -> Encoded[Prompt]:
        """Return the tokens of the conversation up to where the model is to answer."""
        return Encoded(part=part, ids=tuple(self._ids(part.messages)), new=part.max_tokens)

    def _ids(self, messages: Sequence[Message]) -> list[int]:
        if self._loaded.tokenizer.chat_template is None:
            return self._loaded.begun(transcript(messages))
        turns = [{"role": turn.role, "content": turn.content} for turn in messages]
        try:
            return self._templated(turns)
        except TemplateError:  # some templates have no system message
            first, second, *rest = turns
            joined = {**second, "content": f"{first['content']}\n\n{second['content']}"}
            return self._templated([joined, *rest])

    def _templated(self, turns: list[dict[str, str]]) -> list[int]:
        text = self._loaded.tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        ids: list[int] = self._loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def budget(self) -> int:
        """Return how many padded tokens fit into memory."""
        return BATCH_TOKENS[self._loaded.device.type]

    @torch.inference_mode()
    def run(
        self, batch: Sequence[Encoded[Prompt]], callbacks: Callbacks
    ) -> list[Answer | Unusable]:
        """Return the answer to each prompt of a batch."""
        start = time.perf_counter()
        texts = [Detokenizer(self._loaded.tokenizer, self._stop) for _ in batch]
        ids, mask = padded([each.ids for each in batch], left=True)

        def pick(logits: torch.Tensor) -> torch.Tensor:
            callbacks.raise_if_stopped()
            logprobs = torch.log_softmax(logits, dim=-1)
            chosen = _chosen(logprobs, [each.part.temperature for each in batch])
            for row, (each, text) in enumerate(zip(batch, texts, strict=True)):
                if not text.ended and text.written < each.new:
                    self._add(text, int(chosen[row]), logprobs[row], each.part.top_logprobs)
            return chosen

        def ended() -> list[bool]:
            pairs = zip(batch, texts, strict=True)
            return [text.ended or text.written >= each.new for each, text in pairs]

        longest = max(each.new for each in batch)
        with self._lock:
            generate(self._loaded.model, ids, mask, new=longest, pick=pick, ended=ended)
        seconds = (time.perf_counter() - start) / len(batch)
        return [_reply(each, text, seconds) for each, text in zip(batch, texts, strict=True)]

    def _add(self, text: Detokenizer, token: int, logprobs: torch.Tensor, top: int) -> None:
        if token in self._ends:
            text.end()
            return
        best = logprobs.topk(min(top, logprobs.shape[0]))
        likely = dict(zip(best.indices.tolist(), best.values.tolist(), strict=True))
        text.add(token, likely | ({token: float(logprobs[token])} if top else {}))


def transcript(messages: Sequence[Message]) -> str:
    """Return a conversation as plain text, up to where a model without a template is to answer."""
    leads = {"system": "", "user": _ASKED, "assistant": _ANSWERED}
    return "\n\n".join([*(leads[turn.role] + turn.content for turn in messages), _ANSWERED])


def _chosen(logprobs: torch.Tensor, temperatures: Sequence[float]) -> torch.Tensor:
    """Return each row's next token: the likeliest at temperature 0, else drawn."""
    likeliest = logprobs.argmax(dim=-1)
    if not any(temperatures):
        return likeliest
    heat = torch.tensor(temperatures, device=logprobs.device)[:, None]
    drawn = torch.multinomial(torch.softmax(logprobs / heat.clamp(min=1e-6), dim=-1), 1)[:, 0]
    return torch.where(heat[:, 0] > 0, drawn, likeliest)


def _reply(encoded: Encoded[Prompt], text: Detokenizer, seconds: float) -> Answer | Unusable:
    tokens_in = len(encoded.ids)
    if not text.ended:
        return Unusable(
            reason=f"the answer was cut off at {encoded.new} tokens",
            raw=text.text,
            tokens_in=tokens_in,
            tokens_out=text.written,
            seconds=seconds,
        )
    return Answer(
        text=text.text,
        tokens=tuple(text.tokens) if encoded.part.top_logprobs else (),
        tokens_in=tokens_in,
        tokens_out=text.written,
        seconds=seconds,
    )
