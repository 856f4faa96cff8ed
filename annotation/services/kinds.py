"""Which kind of item a rater is asked next: a catch trial, a repeat, or any other."""

from collections.abc import Iterator, Sequence

from django.db.models import F, Q, QuerySet

from annotation import allocation
from annotation.models import Enrolment, Item


def kinds_open(
    enrolment: Enrolment, asked: Sequence[int], answered: Sequence[int]
) -> Iterator[QuerySet[Item]]:
    """Yield the items open to a rater by kind, what comes first if there is any of it first.

    `asked` are the ids of the items given to the rater, `answered` those not skipped, in order.

    In a batch that says how often, each rater meets catch trials at drawn places and no others, and
    is asked again only what they answered, after some time or at the end.
    """
    batch = enrolment.batch
    items = Item.objects.filter(batch=batch, claims__lt=F("overlap")).exclude(pk__in=asked)
    items = items.filter(Q(group=None) | Q(group=enrolment.group))
    if batch.catch_every:
        if allocation.is_catch_turn(batch.seed, enrolment.ordinal, len(asked), batch.catch_every):
            yield items.filter(is_catch=True)
        items = items.filter(is_catch=False)
    if not batch.repeat_after:
        yield items
        return
    if long_ago := answered[: -batch.repeat_after]:
        yield items.filter(repeats__in=long_ago)
    yield items.filter(repeats=None)
    yield items.filter(repeats__in=answered)
