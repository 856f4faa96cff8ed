"""Prompts to answers, through any server that speaks the OpenAI chat protocol."""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import openai
from openai.types.chat import ChatCompletionTokenLogprob
from openai.types.chat.chat_completion import Choice

from explanations.exchange import Answer, GeneratedToken, Prompt, Unusable

log = logging.getLogger(__name__)

# What a server without accounts is told: the SDK insists on a key.
NO_KEY = "none"


@dataclass(frozen=True, slots=True)
class OpenAIBackend:
    """One model on one server, asked up to `concurrency` questions at a time.

    An empty `base_url` is OpenAI's own. A question is sent again up to `retries` times on 408, 409,
    429, 5xx, a broken connection or `timeout` seconds of silence: after the seconds that the server
    asks for (Retry-After, up to two minutes), else after half a second, doubling up to 8, less up
    to a quarter by chance.
    """

    base_url: str
    api_key: str = field(repr=False)
    model: str
    concurrency: int
    timeout: float = 60
    retries: int = 4
    # Settings that this model was found not to take; see `_send`.
    _refused: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (self.api_key.isascii() and self.api_key.isprintable()) or " " in self.api_key:
            raise ValueError("the API key holds a character that no key has: a space, a line's end")
        if self.concurrency < 1:
            raise ValueError(f"at least one question at a time, not {self.concurrency}")

    def complete(self, prompts: Sequence[Prompt]) -> list[Answer | Unusable]:
        """Return an answer, or why there is none, for each prompt in order. Never raises for one.

        Must not be called from a running event loop.
        """
        return asyncio.run(self._complete_all(prompts))

    async def _complete_all(self, prompts: Sequence[Prompt]) -> list[Answer | Unusable]:
        free = asyncio.Semaphore(self.concurrency)
        async with openai.AsyncOpenAI(
            base_url=self.base_url or None,
            api_key=self.api_key or NO_KEY,
            timeout=self.timeout,
            max_retries=self.retries,
        ) as client:
            return list(await asyncio.gather(*(self._complete(client, free, p) for p in prompts)))

    async def _complete(
        self, client: openai.AsyncOpenAI, free: asyncio.Semaphore, prompt: Prompt
    ) -> Answer | Unusable:
        async with free:
            start = time.perf_counter()
            try:
                body, completion = await self._send(client, prompt)
            except openai.APIStatusError as error:
                return self._unusable(_status(error), error.response.text)
            except openai.APITimeoutError:
                again = f", nor when asked {self.retries} times more" if self.retries else ""
                return self._unusable(f"no answer within {self.timeout:g} s{again}")
            except openai.OpenAIError as error:
                return self._unusable(f"the server could not be asked: {_cause(error)}")
            seconds = time.perf_counter() - start
        try:
            return _read(completion, prompt, seconds)
        except _NoAnswer as error:
            return self._unusable(str(error), body)

    async def _send(self, client: openai.AsyncOpenAI, prompt: Prompt) -> tuple[str, Any]:
        """Return the body as it came and what the SDK made of it; adapt to what is not taken."""
        while True:
            known = frozenset(self._refused)
            call = _request(self.model, prompt, known)
            try:
                reply = await client.chat.completions.with_raw_response.create(**call)
            except openai.BadRequestError as error:
                refused = _refusal(error.response.text)
                if not refused or refused in known:
                    raise
                log.warning("%s does not take the setting %s", self.model, refused)
                self._refused.add(refused)
            else:
                return reply.text, _parsed(reply)

    def _unusable(self, reason: str, raw: str = "") -> Unusable:
        """Return a failure in which the key cannot be read, even where the server repeated it."""
        return Unusable(reason=self._safe(" ".join(reason.split())), raw=self._safe(raw))

    def _safe(self, text: str) -> str:
        return text.replace(self.api_key, "(key)") if self.api_key else text


class _NoAnswer(ValueError):
    """A reply that holds no answer; the message says why."""


def _request(model: str, prompt: Prompt, refused: frozenset[str]) -> dict[str, Any]:
    """Write the call. Newer models want the limit under another name and fix the temperature."""
    limit = "max_completion_tokens" if "max_tokens" in refused else "max_tokens"
    call: dict[str, Any] = {
        "model": model,
        "messages": [{"role": turn.role, "content": turn.content} for turn in prompt.messages],
        limit: prompt.max_tokens,
    }
    if "temperature" not in refused:
        call["temperature"] = prompt.temperature
    if prompt.top_logprobs:
        call |= {"logprobs": True, "top_logprobs": prompt.top_logprobs}
    return call


def _refusal(said: str) -> str:
    """Return the setting that a server says it does not take, where there is a way round it."""
    if "max_completion_tokens" in said:
        return "max_tokens"
    return "temperature" if "temperature" in said and "support" in said else ""


def _status(error: openai.APIStatusError) -> str:
    message = error.body.get("message") if isinstance(error.body, dict) else error.response.text
    return f"the server answered {error.status_code}: {str(message)[:200]}"


def _cause(error: openai.OpenAIError) -> str:
    return str(error.__cause__ or error)[:200]


def _parsed(reply: Any) -> Any:
    """Return the SDK's reading of a reply, or None where the body is no JSON."""
    try:
        return reply.parse()
    except ValueError:
        return None


def _read(completion: Any, prompt: Prompt, seconds: float) -> Answer:
    try:
        choice = completion.choices[0]
        text, refusal = choice.message.content or "", choice.message.refusal
    except (AttributeError, IndexError, TypeError):
        raise _NoAnswer("the server's reply is not a chat completion") from None
    if refusal:
        raise _NoAnswer(f"the model declined: {refusal}")
    if choice.finish_reason == "length":
        raise _NoAnswer(f"the answer was cut off at {prompt.max_tokens} tokens")
    return Answer(
        text=text,
        tokens=_generated(choice) if prompt.top_logprobs else (),
        tokens_in=completion.usage.prompt_tokens if completion.usage else 0,
        tokens_out=completion.usage.completion_tokens if completion.usage else 0,
        seconds=seconds,
    )


def _generated(choice: Choice) -> tuple[GeneratedToken, ...]:
    entries = choice.logprobs.content if choice.logprobs else None
    if not entries and choice.message.content:
        raise _NoAnswer('the server gave no log probabilities: set `values` to "written"')
    return tuple(_whole(entries or []))


def _whole(entries: Sequence[ChatCompletionTokenLogprob]) -> Iterator[GeneratedToken]:
    """Join tokens that are parts of one character, so that the texts add up to the answer."""
    pending = b""
    for entry in entries:
        pending += entry.token.encode() if entry.bytes is None else bytes(entry.bytes)
        try:
            text = pending.decode()
        except UnicodeDecodeError:
            continue
        pending = b""
        alternatives = {each.token: each.logprob for each in entry.top_logprobs or []}
        yield GeneratedToken(text=text, logprobs={**alternatives, entry.token: entry.logprob})
