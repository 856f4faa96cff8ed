"""Answers written token by token, several side by side, padded on the left."""

import inspect
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock

import torch
from jinja2.exceptions import TemplateError
from transformers import DynamicCache

from explanations.backends.base import Replied
from explanations.backends.local.detokenizer import Speech
from explanations.backends.local.loading import Loaded
from explanations.methods.values import Answer, Message, Prompt, Unusable

# The padded tokens of a batch, with all that may be written.
BATCH_TOKENS = {"cpu": 8192, "cuda": 65536}

# How a conversation is written for a model that knows no chat; the next question ends an answer.
_ASKED, _ANSWERED = "Question:\n", "Answer:\n"
_NEXT = f"\n\n{_ASKED.strip()}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """A prompt, its place among those asked together, and its tokens."""

    at: int
    prompt: Prompt
    ids: list[int]


class Writer:
    """Answers prompts with one model. May be used from several threads; batches take turns."""

    def __init__(self, loaded: Loaded, lock: Lock) -> None:
        self._loaded = loaded
        self._lock = lock
        ends = loaded.model.generation_config.eos_token_id
        also = [ends] if isinstance(ends, int) else (ends or [])
        parameters = inspect.signature(loaded.model.forward).parameters
        self._positioned = "position_ids" in parameters
        self._stop = _NEXT if loaded.tokenizer.chat_template is None else ""
        self._ends = frozenset({loaded.tokenizer.eos_token_id, *also})

    def complete(
        self,
        prompts: Sequence[Prompt],
        tell: Callable[[int, Replied], None],
        check: Callable[[], None],
    ) -> list[Replied]:
        """Return an answer for each prompt; see `Backend.complete`."""
        found: dict[int, Replied] = {}
        fitting: list[Asked] = []
        for at, prompt in enumerate(prompts):
            asked = Asked(at=at, prompt=prompt, ids=self._coded(prompt.messages))
            if len(asked.ids) + prompt.max_tokens <= self._loaded.limit:
                fitting.append(asked)
                continue
            found[at] = self._too_long(asked)
            tell(at, found[at])
        for batch in self._batches(fitting):
            for asked, reply in zip(batch, self._answered(batch, check), strict=True):
                found[asked.at] = reply
                tell(asked.at, reply)
        return [found[at] for at in range(len(prompts))]

    def _coded(self, messages: Sequence[Message]) -> list[int]:
        if self._loaded.tokenizer.chat_template is None:
            return self._loaded.begun(transcript(messages))
        turns = [{"role": turn.role, "content": turn.content} for turn in messages]
        try:
            return self._templated(turns)
        except TemplateError:  # some templates know no system message
            first, second, *rest = turns
            joined = {**second, "content": f"{first['content']}\n\n{second['content']}"}
            return self._templated([joined, *rest])

    def _templated(self, turns: list[dict[str, str]]) -> list[int]:
        text = self._loaded.tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        ids: list[int] = self._loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def _too_long(self, asked: Asked) -> Unusable:
        return Unusable(
            reason=f"the question has {len(asked.ids)} tokens and the answer up to "
            f"{asked.prompt.max_tokens}, and the model takes {self._loaded.limit}"
        )

    def _batches(self, asked: list[Asked]) -> Iterator[list[Asked]]:
        """Yield what may be answered side by side, short questions first."""
        budget = BATCH_TOKENS[self._loaded.device.type]
        batch: list[Asked] = []
        longest = 0
        for each in sorted(asked, key=lambda each: len(each.ids)):
            longest = max(longest, each.prompt.max_tokens)
            if batch and (len(batch) + 1) * (len(each.ids) + longest) > budget:
                yield batch
                batch, longest = [], each.prompt.max_tokens
            batch.append(each)
        if batch:
            yield batch

    def _answered(self, batch: list[Asked], check: Callable[[], None]) -> list[Replied]:
        start = time.perf_counter()
        speech = [Speech(self._loaded.tokenizer, self._stop) for _ in batch]
        with self._lock:
            self._write(batch, speech, check)
        seconds = (time.perf_counter() - start) / len(batch)
        return [_reply(asked, spoken, seconds) for asked, spoken in zip(batch, speech, strict=True)]

    @torch.inference_mode()
    def _write(
        self, batch: list[Asked], speech: Sequence[Speech], check: Callable[[], None]
    ) -> None:
        """Let every row speak until it ends, is cut off or has no more room."""
        ids, mask = self._padded(batch)
        cache = DynamicCache()
        for step in range(max(asked.prompt.max_tokens for asked in batch)):
            check()
            logprobs = self._next(ids, mask, cache)
            chosen = _chosen(logprobs, [asked.prompt.temperature for asked in batch])
            for row, (asked, spoken) in enumerate(zip(batch, speech, strict=True)):
                if not spoken.ended and step < asked.prompt.max_tokens:
                    self._hear(spoken, int(chosen[row]), logprobs[row], asked.prompt.top_logprobs)
            if all(
                spoken.ended or step + 1 >= asked.prompt.max_tokens
                for asked, spoken in zip(batch, speech, strict=True)
            ):
                return
            ids = chosen[:, None]
            mask = torch.cat([mask, torch.ones_like(ids)], dim=1)

    def _hear(self, speech: Speech, token: int, logprobs: torch.Tensor, top: int) -> None:
        if token in self._ends:
            speech.end()
            return
        best = logprobs.topk(min(top, logprobs.shape[0]))
        likely = dict(zip(best.indices.tolist(), best.values.tolist(), strict=True))
        speech.hear(token, likely | ({token: float(logprobs[token])} if top else {}))

    def _padded(self, batch: list[Asked]) -> tuple[torch.Tensor, torch.Tensor]:
        longest = max(len(asked.ids) for asked in batch)
        ids = [[0] * (longest - len(asked.ids)) + asked.ids for asked in batch]
        mask = [[0] * (longest - len(asked.ids)) + [1] * len(asked.ids) for asked in batch]
        device = self._loaded.device
        return torch.tensor(ids, device=device), torch.tensor(mask, device=device)

    def _next(self, ids: torch.Tensor, mask: torch.Tensor, cache: DynamicCache) -> torch.Tensor:
        """Return the log probabilities of what comes next, float32 [rows, vocabulary]."""
        positions = (mask.cumsum(dim=1) - 1).clamp(min=0)[:, -ids.shape[1] :]
        output = self._loaded.model(
            input_ids=ids,
            attention_mask=mask,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
            **({"position_ids": positions} if self._positioned else {}),
        )
        return torch.log_softmax(output.logits[:, -1].float(), dim=-1)


def transcript(messages: Sequence[Message]) -> str:
    """Write a conversation for a model that knows no chat, up to where it is to answer."""
    named = {"system": "", "user": _ASKED, "assistant": _ANSWERED}
    return "\n\n".join([*(named[turn.role] + turn.content for turn in messages), _ANSWERED])


def _chosen(logprobs: torch.Tensor, temperatures: Sequence[float]) -> torch.Tensor:
    """Return each row's next token: the likeliest at temperature 0, else drawn."""
    likeliest = logprobs.argmax(dim=-1)
    if not any(temperatures):
        return likeliest
    heat = torch.tensor(temperatures, device=logprobs.device)[:, None]
    drawn = torch.multinomial(torch.softmax(logprobs / heat.clamp(min=1e-6), dim=-1), 1)[:, 0]
    return torch.where(heat[:, 0] > 0, drawn, likeliest)


def _reply(asked: Asked, speech: Speech, seconds: float) -> Replied:
    if not speech.ended:
        return Unusable(
            reason=f"the answer was cut off at {asked.prompt.max_tokens} tokens",
            raw=speech.text,
            tokens_in=len(asked.ids),
            tokens_out=speech.written,
            seconds=seconds,
        )
    return Answer(
        text=speech.text,
        tokens=tuple(speech.tokens) if asked.prompt.top_logprobs else (),
        tokens_in=len(asked.ids),
        tokens_out=speech.written,
        seconds=seconds,
    )
