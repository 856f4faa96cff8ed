"""Explanations that people write."""

from collections.abc import Iterable

from django.db import transaction

from explanations.models import Explanation, Neuron


@transaction.atomic
def explanation_write(*, neuron: Neuron, text: str, shown: Iterable[int] = ()) -> Explanation:
    """Store what a person wrote about a neuron, and the keys of the records that person saw.

    The same text about the same neuron is stored once. Raises `ValueError` for an empty text.
    """
    written = text.strip()
    if not written:
        raise ValueError(f"{neuron}: an explanation needs words")
    explanation, created = Explanation.objects.get_or_create(
        neuron=neuron, author_kind=Explanation.Author.HUMAN, method=None, text=written
    )
    if created:
        explanation.shown.set(shown)
    return explanation
