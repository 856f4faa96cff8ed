"""The votes and open judgments that adaptive choice of pairs is based on."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from django.db.models import F, Max, Sum

from annotation.models import Item, Judgment
from annotation.protocols.options import TIE
from studies.design.active import Pairs
from studies.models import Study, StudyItem, StudyOption
from studies.selectors.preference import votes_on

_ROWS = 5000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """The pairs of a study that can still be drawn, with their votes.

    `round` is the number of the next round.
    """

    study_items: tuple[int, ...]
    items: tuple[int, ...]
    pairs: Pairs
    round: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A draw of an item, and the judgment that answers it and its rater, if there is one."""

    item: int
    position: int
    round: int
    place: int
    arm: str
    probability: float
    drawn: datetime
    judgment: UUID | None
    rater: int | None


def standing_of(study: Study, *, votes: bool = True) -> Standing:
    """Return the pairs drawn less often than the overlap, with or without their votes."""
    rows = list(
        study.items.filter(role=StudyItem.Role.MAIN, item__overlap__lt=study.overlap)
        .order_by("item__position")
        .values_list("pk", "item", "neuron", "item__overlap")
    )
    return Standing(
        study_items=tuple(pk for pk, *_ in rows),
        items=tuple(item for _, item, *_ in rows),
        pairs=_pairs(study, [row[1:] for row in rows]) if votes else nothing_known(len(rows)),
        round=next_round(study),
    )


def nothing_known(n: int) -> Pairs:
    """Return `n` pairs without votes, each of a different neuron."""
    none, first = np.zeros(n), np.zeros(n, dtype=np.intp)
    return Pairs(
        neuron=np.arange(n), first=first, second=first + 1, won=none, lost=none, awaited=none
    )


def _pairs(study: Study, rows: list[tuple[int, int, int]]) -> Pairs:
    behind = _options(study)
    votes = votes_on(study.items.filter(role=StudyItem.Role.MAIN))
    columns = np.zeros((len(rows), 3))
    for row, (item, _, drawn) in enumerate(rows):
        if item in votes:
            by_choice = votes[item].by_choice
            tied = by_choice.get(TIE, 0) / 2
            columns[row, :2] = [by_choice.get(key, 0) + tied for key, _ in behind[item]]
        columns[row, 2] = max(drawn - columns[row].sum(), 0)
    _, neuron = np.unique([neuron for _, neuron, _ in rows], return_inverse=True)
    return Pairs(
        neuron=neuron,
        first=np.array([behind[item][0][1] for item, *_ in rows], dtype=np.intp),
        second=np.array([behind[item][1][1] for item, *_ in rows], dtype=np.intp),
        won=columns[:, 0],
        lost=columns[:, 1],
        awaited=columns[:, 2],
    )


def _options(study: Study) -> dict[int, list[tuple[str, int]]]:
    """Return each item's two options in order: key and condition number."""
    index = {pk: i for i, pk in enumerate(study.conditions.values_list("pk", flat=True))}
    main = StudyOption.objects.filter(study_item__study=study, study_item__role=StudyItem.Role.MAIN)
    rows = main.order_by("study_item", "place").values_list("study_item__item", "key", "condition")
    options = defaultdict[int, list[tuple[str, int]]](list)
    for item, key, condition in rows.iterator(_ROWS):
        options[item].append((key, index[condition]))
    return options


def next_round(study: Study) -> int:
    """Return the number of the next round."""
    last = study.draws.aggregate(last=Max("round"))["last"]
    return 0 if last is None else last + 1


def places_open(study: Study) -> int:
    """Return how many judgments of drawn pairs are wanted and not claimed yet."""
    drawn = Item.objects.filter(batch=study.batch_id, overlap__gt=F("claims"), is_catch=False)
    counted: int = drawn.aggregate(n=Sum(F("overlap") - F("claims"), default=0))["n"]
    return counted


def studies_drawing() -> list[Study]:
    """Return the open studies with adaptive pairs."""
    return list(
        Study.objects.filter(state=Study.State.OPEN, pairing=Study.Pairing.ACTIVE).order_by("pk")
    )


def study_draws(study: Study) -> Iterator[Drawn]:
    """Yield a study's draws in order, each with the judgment that answers it.

    The n-th judgment of an item, in the order of claims, answers its n-th draw.
    """
    answers = _answers(study)
    nth = defaultdict[int, int](int)
    rows = study.draws.order_by("round", "place").values_list(
        *("study_item__item", "study_item__item__position"),
        *("round", "place", "arm", "probability", "drawn"),
    )
    for item, position, number, place, arm, probability, drawn in rows.iterator(_ROWS):
        answered = answers[item]
        judgment, rater = answered[nth[item]] if nth[item] < len(answered) else (None, None)
        yield Drawn(
            item=item,
            position=position,
            round=number,
            place=place,
            arm=arm,
            probability=probability,
            drawn=drawn,
            judgment=judgment,
            rater=rater,
        )
        nth[item] += 1


def _answers(study: Study) -> defaultdict[int, list[tuple[UUID, int]]]:
    standing = Judgment.objects.standing().filter(assignment__item__batch=study.batch_id)
    answers = defaultdict[int, list[tuple[UUID, int]]](list)
    rows = standing.order_by("assignment").values_list(
        "assignment__item", "key", "assignment__rater"
    )
    for item, key, rater in rows.iterator(_ROWS):
        answers[item].append((key, rater))
    return answers
