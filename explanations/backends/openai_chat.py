"""The OpenAI chat protocol: a prompt written as a call, a completion read as an answer."""

from collections.abc import Iterator, Sequence
from typing import Any

from openai.types.chat import ChatCompletionTokenLogprob
from openai.types.chat.chat_completion import Choice

from explanations.methods.values import Answer, GeneratedToken, Prompt


class NoAnswer(ValueError):
    """A reply that holds no answer; the message says why."""


def chat_call(model: str, prompt: Prompt, refused: frozenset[str]) -> dict[str, Any]:
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


def chat_answer(completion: Any, prompt: Prompt, seconds: float) -> Answer:
    """Read a completion as the SDK gives it, or None; raises `NoAnswer`."""
    try:
        choice = completion.choices[0]
        text, refusal = choice.message.content or "", choice.message.refusal
    except (AttributeError, IndexError, TypeError):
        raise NoAnswer("the server's reply is not a chat completion") from None
    if refusal:
        raise NoAnswer(f"the model declined: {refusal}")
    if choice.finish_reason == "length":
        raise NoAnswer(f"the answer was cut off at {prompt.max_tokens} tokens")
    tokens_in, tokens_out = spent(completion)
    return Answer(
        text=text,
        tokens=_generated(choice) if prompt.top_logprobs else (),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        seconds=seconds,
    )


def spent(completion: Any) -> tuple[int, int]:
    """Return the tokens that a reply says it read and wrote; 0 where it does not say."""
    usage = getattr(completion, "usage", None)
    return getattr(usage, "prompt_tokens", None) or 0, getattr(
        usage, "completion_tokens", None
    ) or 0


def _generated(choice: Choice) -> tuple[GeneratedToken, ...]:
    entries = choice.logprobs.content if choice.logprobs else None
    if not entries and choice.message.content:
        raise NoAnswer('the server gave no log probabilities: set `way` to "written"')
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
