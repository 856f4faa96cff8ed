"""Replies to the requests of dialogues, from whatever answers requests of their type."""

from collections.abc import Callable, Sequence
from typing import Any

from explanations.methods.requests import (
    Embed,
    GetCapabilities,
    LanguageModelRequest,
    Request,
    SubjectRequest,
)
from explanations.models import Method
from explanations.tasks.answering.encoder import embed
from explanations.tasks.answering.language_model import answer_with_model, get_capabilities
from explanations.tasks.answering.requests import NoReply, PendingRequest, Reply
from explanations.tasks.answering.subject import answer_with_subject

# A request is answered by the entry of its class, or of the nearest class that it inherits from.
ANSWERERS: dict[
    type[Request[Any]], Callable[[Method, Sequence[PendingRequest]], Sequence[Reply | NoReply]]
] = {
    LanguageModelRequest: answer_with_model,
    GetCapabilities: get_capabilities,
    Embed: embed,
    SubjectRequest: answer_with_subject,
}


def answer(method: Method, pending: Sequence[PendingRequest]) -> Sequence[Reply | NoReply]:
    """Return the reply to each request; all are of one type."""
    kinds = type(pending[0].request).__mro__
    return next(ANSWERERS[kind] for kind in kinds if kind in ANSWERERS)(method, pending)
