"""Outcomes of language model requests as JSON, tagged with their type. Pure."""

from typing import Any

from explanations.methods.requests import LogLikelihood, NumberLogprobs
from explanations.methods.values import Answer, GeneratedToken

Outcome = Answer | NumberLogprobs | LogLikelihood


def outcome_to_json(outcome: Outcome) -> tuple[dict[str, Any], list[Any] | None]:
    """Return an outcome's reply, and apart from it its log probabilities."""
    if isinstance(outcome, NumberLogprobs):
        return {"type": "number_logprobs"}, list(outcome.logprobs)
    if isinstance(outcome, LogLikelihood):
        reply = {"logprob": outcome.logprob, "tokens": outcome.tokens}
        return {"type": "log_likelihood", **reply}, None
    tokens = [[token.text, token.logprobs] for token in outcome.tokens]
    return {"type": "answer", "text": outcome.text}, tokens or None


def outcome_from_json(reply: dict[str, Any], logprobs: list[Any] | None, **usage: Any) -> Outcome:
    """Return the outcome that was stored; `usage` are its tokens and seconds."""
    kind = reply.get("type") or _untagged(reply)
    if kind == "number_logprobs":
        return NumberLogprobs(logprobs=tuple(logprobs or ()), **usage)
    if kind == "log_likelihood":
        return LogLikelihood(logprob=reply["logprob"], tokens=reply["tokens"], **usage)
    tokens = tuple(GeneratedToken(text=text, logprobs=others) for text, others in logprobs or ())
    return Answer(text=reply["text"], tokens=tokens, **usage)


def _untagged(reply: dict[str, Any]) -> str:
    """Return the type of a reply that was stored before replies had a tag."""
    if "logprob" in reply:
        return "log_likelihood"
    return "answer" if "text" in reply else "number_logprobs"
