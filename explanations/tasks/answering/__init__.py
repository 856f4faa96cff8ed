"""Who answers a dialogue's requests: one server for each kind of request."""

from collections.abc import Callable, Sequence

from explanations.methods.requests import (
    Ask,
    AskAbilities,
    Continue,
    Encode,
    Observe,
    Read,
    Replace,
    Request,
    Weigh,
)
from explanations.models import Method
from explanations.tasks.answering.encoding import encoded
from explanations.tasks.answering.language_model import abilities, answered, foreseen, weighed
from explanations.tasks.answering.requests import Asked, Served, Unserved, questions
from explanations.tasks.answering.subject import continued, observed, replaced

SERVERS: dict[type[Request], Callable[[Method, Sequence[Asked]], Sequence[Served | Unserved]]] = {
    Ask: answered,
    AskAbilities: abilities,
    Encode: encoded,
    Continue: continued,
    Observe: observed,
    Read: foreseen,
    Replace: replaced,
    Weigh: weighed,
}

__all__ = ["SERVERS", "Asked", "Served", "Unserved", "questions"]
