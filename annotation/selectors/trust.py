"""The input of the rules on raters: a rater's answers, and those of others."""

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db.models import BigIntegerField

from annotation.models import Assignment, Enrolment, Item, Judgment
from annotation.prepared import Prepared, Slot
from annotation.protocols import PROTOCOLS
from annotation.quality import Seen

Payloads = Mapping[int, Mapping[str, Any]]

# Runs after every answer if there are rules, over all answers so far: reads only what they use.
_OWN = Prepared(
    lambda: (
        Judgment.objects.standing()
        .filter(
            assignment__rater=Slot("rater", BigIntegerField()),
            assignment__item__batch=Slot("batch", BigIntegerField()),
        )
        .order_by("pk")
        .values_list(
            "answer",
            "seconds",
            "assignment__order",
            "assignment__item",
            "assignment__item__gold",
            "assignment__item__is_catch",
            "assignment__item__repeats",
        )
    )
)


def answers_seen(enrolment: Enrolment, *, with_others: bool) -> tuple[Seen, ...]:
    """Return a rater's current answers, in the order in which they were given.

    Others' answers are read only with `with_others`, without those of synthetic raters.
    """
    rows = _OWN.all(rater=enrolment.rater_id, batch=enrolment.batch_id)
    others = _answers_of_others(enrolment) if with_others else {}
    payloads = _payloads(rows)
    return tuple(_seen(row, enrolment.batch.protocol, payloads, others) for row in rows)


def _payloads(rows: list[tuple[Any, ...]]) -> Payloads:
    """Return the payloads of gold items, of items that repeat another, and of those repeated."""
    known = {item for *_, item, gold, _, _ in rows if gold is not None}
    again = {pk for *_, item, _, _, repeats in rows if repeats for pk in (item, repeats)}
    wanted = known | again
    if not wanted:
        return {}
    return dict(Item.objects.filter(pk__in=wanted).values_list("pk", "payload"))


def _seen(
    row: tuple[Any, ...],
    protocol: str,
    payloads: Payloads,
    others: Mapping[int, list[Mapping[str, Any]]],
) -> Seen:
    answer, seconds, order, item, gold, is_catch, repeats = row
    names = _names_at_first(payloads[item], payloads[repeats]) if repeats else {}
    return Seen(
        item=item,
        order=tuple(_renamed(order, names)),
        answer=_renamed(answer, names),
        seconds=seconds,
        right=None if gold is None else _is_right(payloads[item], protocol, gold, answer),
        is_catch=is_catch,
        repeats=repeats,
        others=tuple(_renamed(other, names) for other in others.get(item, ())),
    )


def _names_at_first(again: Mapping[str, Any], first: Mapping[str, Any]) -> Mapping[str, str]:
    """Return, for an item that repeats another, the keys of its options the first time."""
    keys = {_content(option): option["key"] for option in first.get("options", ())}
    options = again.get("options", ())
    return {option["key"]: keys[_content(option)] for option in options if _content(option) in keys}


def _content(option: Mapping[str, Any]) -> str:
    return json.dumps({name: option[name] for name in option if name != "key"}, sort_keys=True)


def _renamed(data: Any, names: Mapping[str, str]) -> Any:
    """Return the same JSON with keys of options renamed, as names of fields and as values."""
    if isinstance(data, dict):
        return {names.get(name, name): _renamed(value, names) for name, value in data.items()}
    if isinstance(data, list):
        return [_renamed(each, names) for each in data]
    return names.get(data, data) if isinstance(data, str) else data


def _is_right(
    payload: Mapping[str, Any], protocol: str, gold: object, answer: Mapping[str, Any]
) -> bool:
    own = PROTOCOLS[protocol]
    return own.read_gold(own.read(payload), gold)(answer)


def _answers_of_others(enrolment: Enrolment) -> Mapping[int, list[Mapping[str, Any]]]:
    own = Assignment.objects.filter(rater=enrolment.rater_id, item__batch=enrolment.batch_id)
    rows = (
        Judgment.objects.standing()
        .filter(assignment__item__in=own.values("item"), assignment__rater__synthetic=False)
        .exclude(assignment__rater=enrolment.rater_id)
    )
    answers = defaultdict[int, list[Mapping[str, Any]]](list)
    for item, answer in rows.values_list("assignment__item", "answer"):
        answers[item].append(answer)
    return answers
