"""Encoding sentences."""

import threading
from collections.abc import Sequence
from typing import Any

from explanations.models import Method
from explanations.tasks.answering.requests import PendingRequest, Reply

_loading = threading.Lock()


def embed(_method: Method, pending: Sequence[PendingRequest]) -> list[Reply]:
    """Return the unit vectors of each request's texts."""
    with _loading:  # threads that need the encoder first wait for one to load it
        from explanations.backends.encoder import sentence_encoder

        encode = sentence_encoder()
    requests: list[Any] = [each.request for each in pending]
    return [Reply(value=encode(request.parts)) for request in requests]
