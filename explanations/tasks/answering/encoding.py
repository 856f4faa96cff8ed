"""Encoding sentences."""

import threading
from collections.abc import Sequence

from explanations.methods.requests import Encode
from explanations.models import Method
from explanations.tasks.answering.requests import Asked, Served

_loading = threading.Lock()


def encoded(_method: Method, asked: Sequence[Asked]) -> list[Served]:
    """Return the unit vectors of each request's texts."""
    with _loading:  # threads that want the encoder first wait for one to load it
        from explanations.backends.encoder import sentence_encoder

        encode = sentence_encoder()
    return [
        Served(reply=encode(each.request.texts))
        for each in asked
        if isinstance(each.request, Encode)
    ]
