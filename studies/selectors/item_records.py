"""The records that items show, and their activations."""

from collections.abc import Collection
from typing import TypeAlias

from explanations.models import Record
from explanations.records import unpacked
from studies.models import StudyItem

Activations: TypeAlias = tuple[tuple[float, ...], ...]
"""Raw activations, one row for each record in the item's order, one for each token in a row."""


def activations_on(items: Collection[int]) -> dict[int, Activations]:
    """Return the activations on each item's records, by the item's id."""
    records = records_on(items)
    wanted = {pk for each in records.values() for pk in each}
    stored = Record.objects.filter(pk__in=wanted).values_list("pk", "values")
    values = {pk: tuple(unpacked(packed).tolist()) for pk, packed in stored}
    return {item: tuple(values[pk] for pk in each) for item, each in records.items()}


def records_on(items: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Return the ids of the records that each item shows, in its order, by the item's id."""
    rows = StudyItem.objects.filter(item__in=items).values_list("item", "records")
    return {item: tuple(records) for item, records in rows}
