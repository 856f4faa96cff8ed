"""The OpenAI chat protocol: build a call from a prompt, read an answer from a completion."""

from collections.abc import Iterator, Sequence
from typing import Any

from openai.types.chat import ChatCompletionTokenLogprob
from openai.types.chat.chat_completion import Choice

from explanations.methods.values import Answer, GeneratedToken, Prompt


class NoAnswer(ValueError):
    """A reply without an answer; the message says why."""


def chat_call(model: str, prompt: Prompt, refused: frozenset[str]) -> dict[str, Any]:
    """Return a call's arguments, without settings that the model refused.

    Newer models want the limit under another name and fix the temperature.
    """
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


def chat_answer(prompt: Prompt, completion: Any, seconds: float) -> Answer:
    """Return the answer in a completion as the SDK parses it, or None; raises `NoAnswer`."""
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
    """Return how many tokens a reply says it read and wrote; 0 where it does not say."""
    usage = getattr(completion, "usage", None)
    counts = (getattr(usage, name, None) or 0 for name in ("prompt_tokens", "completion_tokens"))
    return next(counts), next(counts)


def _generated(choice: Choice) -> tuple[GeneratedToken, ...]:
    entries = choice.logprobs.content if choice.logprobs else None
    if not entries and choice.message.content:
        raise NoAnswer('the server gave no log probabilities: set `way` to "written"')
    return tuple(_whole_characters(entries or []))


def _whole_characters(entries: Sequence[ChatCompletionTokenLogprob]) -> Iterator[GeneratedToken]:
    """Yield tokens that add up to the answer: those that are parts of one character are joined."""
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
