"""The state of questions, and the data that workers need to answer them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from explanations.models import Capture, Embedding, Explanation, Neuron, Question
from explanations.records import AuthorKind, NeuronRef, unpacked
from explanations.stores.reader import StoreError

_ROWS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionState:
    """A question's state: waiting, working, finished or failed.

    `ahead` is how many open questions were asked before it; `result` is there exactly when it is
    finished, `reason` when it failed.
    """

    token: UUID
    kind: str
    subject: str
    text: str
    state: str
    ahead: int
    result: dict[str, Any] | None
    reason: str


def question_state(token: UUID) -> QuestionState | None:
    """Return the state of a question; None if the token is unknown."""
    question = Question.objects.select_related("subject").filter(token=token).first()
    if question is None or question.subject is None:
        return None
    ahead = Question.objects.filter(finished=None, pk__lt=question.pk).count()
    return QuestionState(
        token=question.token,
        kind=question.kind,
        subject=question.subject.name,
        text=question.text,
        state=_state(question),
        ahead=0 if question.finished else ahead,
        result=question.result,
        reason=question.reason,
    )


def _state(question: Question) -> str:
    if question.finished:
        return "failed" if question.result is None else "finished"
    return "working" if question.lease else "waiting"


def neuron_maximum(subject: int, ref: NeuronRef) -> float | None:
    """Return a neuron's highest activation in its newest capture; None if unknown."""
    named = Neuron.objects.filter(subject=subject, layer=ref.layer, index=ref.index)
    found = named.values_list("maximum", flat=True).first()
    if found is not None:
        return found
    capture = Capture.objects.filter(subject=subject, tokens__gt=0).order_by("-pk").first()
    try:
        return capture.store().statistics(ref).maximum if capture else None
    except StoreError:
        return None


def explanations_without_embedding(
    subject: int, encoder: str, *, limit: int
) -> list[tuple[int, str]]:
    """Return up to `limit` of a subject's explanations that have no vector: key and text."""
    missing = _explanations(subject).exclude(embeddings__encoder=encoder).order_by("pk")
    return list(missing.values_list("pk", "text")[:limit])


def embeddings(
    subject: int, encoder: str
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield the vectors of a subject's explanations in parts: keys [n], unit vectors [n, size].

    Controls are left out: they are not meant to say what a neuron does.
    """
    rows = (
        Embedding.objects.filter(explanation__in=_explanations(subject), encoder=encoder)
        .order_by("explanation_id")
        .values_list("explanation_id", "vector")
    )
    last = -1
    while few := list(rows.filter(explanation_id__gt=last)[:_ROWS]):
        last = few[-1][0]
        vectors = [unpacked(vector) for _, vector in few]
        yield np.array([key for key, _ in few]), np.stack(vectors)


def _explanations(subject: int) -> Any:
    return Explanation.objects.filter(neuron__subject=subject).exclude(
        author_kind=AuthorKind.CONTROL
    )
