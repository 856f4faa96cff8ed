"""Adaptive choice of pairs: rounds of draws as votes arrive, until the budget is spent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from django.db import transaction
from django.db.models import F

from annotation.models import Item
from studies.design.active import Draw, draws, information, round_size
from studies.design.seeds import stream
from studies.models import PairDraw, Study
from studies.selectors.drawing import Standing, next_round, places_open, standing_of

_QUICK = 20_000
"""Maximum of pairs for an informed round while a rater waits; with more, a few random draws."""
_SMALL = 25
_ROWS = 1000


def pairs_choose(*, study: Study, at: datetime, below: int, at_random: bool = False) -> int:
    """Draw the next round of an open study, and return how many judgments it adds.

    0 if `below` or more are still wanted, or if the budget is spent. Each draw is random with the
    study's `random_share` (always with `at_random`), else proportional to the expected information.
    If several processes try at once, one of them makes the round.
    """
    if study.state != Study.State.OPEN or not study.draws_pairs or places_open(study) >= below:
        return 0
    known = standing_of(study, votes=not at_random)
    lottery = _Lottery(
        weight=np.ones(len(known.items)) if at_random else information(known.pairs),
        random_share=1.0 if at_random else study.random_share,
        most=_SMALL if at_random else round_size(study.budget),
    )
    with transaction.atomic():
        now = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
        is_late = next_round(now) != known.round or places_open(now) >= below
        if now.state != study.state or is_late:
            return 0
        return _draw(now, known, lottery, at)


def pairs_begin(*, study: Study, at: datetime) -> int:
    """Draw the first round of a study that is being built, entirely at random."""
    known = standing_of(study, votes=False)
    weight, most = np.ones(len(known.items)), round_size(study.budget)
    return _draw(study, known, _Lottery(weight=weight, random_share=1.0, most=most), at)


def items_supply(*, batch_id: int, at: datetime) -> bool:
    """Return whether a rater may find an item now, after drawing pairs if the study needs them."""
    study = Study.objects.filter(batch=batch_id, pairing=Study.Pairing.ACTIVE).first()
    if study is None:
        return False
    at_random = study.items.count() > _QUICK
    # The open items may be ones this rater has had: allow one more round than a worker would.
    below = 2 * (_SMALL if at_random else round_size(study.budget))
    pairs_choose(study=study, at=at, below=below, at_random=at_random)
    # Another process may have drawn the round in the meantime.
    return places_open(study) > 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Lottery:
    """How a round is drawn: each pair's weight in the active arm, and how many pairs at most."""

    weight: npt.NDArray[np.float64]
    random_share: float
    most: int


def _draw(study: Study, known: Standing, lottery: _Lottery, at: datetime) -> int:
    n = min(lottery.most, study.budget - study.draws.count())
    random = stream(study.seed, "draws", str(known.round))
    drawn = draws(lottery.weight, n, random_share=lottery.random_share, random=random)
    PairDraw.objects.bulk_create(
        (_row(study, known, each, place, at) for place, each in enumerate(drawn)), _ROWS
    )
    _want_one_more([known.items[each.pair] for each in drawn])
    return len(drawn)


def _row(study: Study, known: Standing, draw: Draw, place: int, at: datetime) -> PairDraw:
    return PairDraw(
        study=study,
        study_item_id=known.study_items[draw.pair],
        round=known.round,
        place=place,
        arm=draw.arm,
        probability=draw.probability,
        drawn=at,
    )


def _want_one_more(items: Sequence[int]) -> None:
    Item.objects.filter(pk__in=items).update(overlap=F("overlap") + 1)
