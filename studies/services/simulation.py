"""Synthetic judgments, submitted through the same services as a person's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import nan
from typing import Any
from uuid import uuid4

import numpy as np
from django.db import transaction

from annotation.models import Batch
from annotation.protocols import PROTOCOLS
from annotation.services.answers import judgment_submit
from annotation.services.batches import enrolment_finish, rater_enrol
from annotation.services.next_question import question_claim
from studies.analysis.protocols.registry import PROTOCOLS as ANALYSES
from studies.analysis.protocols.synthetic import ABOUT, Behaviour, Known, Synthetic, seconds
from studies.design.seeds import stream
from studies.models import Study
from studies.selectors.answers import About, chunked, items_about
from studies.selectors.item_records import activations_on
from studies.selectors.tables import study_scores
from studies.services.errors import StudyRefused

_ITEMS = 500
NO_SCORES = "what is right, and no scores"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What the synthetic raters did, and the scores they followed."""

    raters: int
    judgments: int
    scorer: str


def raters_simulate(
    *,
    study: Study,
    raters: int,
    behaviour: Behaviour,
    seed: int,
    at: datetime,
    scorer: str = "",
) -> Simulated:
    """Let synthetic raters answer until each has had their share or nothing is left.

    They prefer what `scorer` (by default the first) scores high; comparisons require one.
    StudyRefused, naming the invalid parameter, if the study is not open or no such scores exist.
    """
    if raters < 1:
        raise StudyRefused(f"raters: {raters} is not 1 or more")
    if study.state != Study.State.OPEN or study.batch is None:
        raise StudyRefused(f"study: it is {study.state}, not open")
    quality, label = _quality(study, scorer)
    behind = _behind(study)
    judgments = 0
    for number in range(raters):
        random = stream(seed, "rater", str(number))
        mildness = float(stream(seed, "mildness", str(number)).normal(0, 0.08))
        rater = Synthetic(behaviour=behaviour, random=random, mildness=mildness)
        judgments += _rate(study, study.batch, behind, quality, rater, study.design.seconds, at)
    return Simulated(raters=raters, judgments=judgments, scorer=label)


def _quality(study: Study, scorer: str) -> tuple[Mapping[int, float], str]:
    """Return each explanation's quality, from 0 to 1 by score rank, and the scorer's name."""
    known = {scores.scorer: scores for scores in study_scores(study)}
    if not known and not scorer and not study.compares:
        return {}, NO_SCORES
    label = scorer or next(iter(known), "")
    if label not in known:
        names = ", ".join(f"“{name}”" for name in known) or "none: score the explanations before"
        raise StudyRefused(f"scorer: no scores by “{label}”; there are {names}")
    scores = known[label]
    _, place, n = np.unique(scores.value, return_inverse=True, return_counts=True)
    ranks = ((np.cumsum(n) - n / 2) / max(len(scores.value), 1))[place]
    return dict(zip(scores.explanation.tolist(), ranks.tolist(), strict=True)), label


def _behind(study: Study) -> dict[int, About]:
    items = study.items.values_list("item", flat=True).iterator()
    return {
        item: about
        for chunk in chunked(items, _ITEMS)
        for item, about in items_about(study, chunk).items()
    }


@transaction.atomic
def _rate(
    study: Study,
    batch: Batch,
    behind: Mapping[int, About],
    quality: Mapping[int, float],
    rater: Synthetic,
    pace: float,
    at: datetime,
) -> int:
    """Answer at the current time: a made-up one would let people's claims expire.

    Only `seconds` is made up. The study is locked before any item, as in the choice of pairs, to
    avoid a deadlock.
    """
    Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
    enrolment = rater_enrol(batch=batch, rater=None, at=at, synthetic=True)
    judgments = 0
    while assignment := question_claim(enrolment=enrolment, at=at):
        item = assignment.item_id
        answer = _answer(
            assignment.item.payload,
            batch.protocol,
            order=assignment.order,
            known=_known(batch, behind.get(item), quality, item),
            rater=rater,
            ask_confidence=batch.ask_confidence,
        )
        took = seconds(rater.random, pace=pace)
        judgment_submit(assignment=assignment, answer=answer, key=uuid4(), seconds=took, at=at)
        judgments += 1
    enrolment_finish(enrolment=enrolment, at=at)
    return judgments


def _answer(
    payload: Mapping[str, Any],
    protocol: str,
    *,
    order: Sequence[str],
    known: Known,
    rater: Synthetic,
    ask_confidence: bool,
) -> dict[str, Any]:
    """Return an answer of the protocol. `order` holds the option keys as they are shown."""
    form = PROTOCOLS[protocol]
    read = form.read(payload)
    asks = form.asks(read, ask_confidence)
    if asks.cannot_tell and rater.random.random() < rater.behaviour.tie_rate / 2:
        return {"cannot_tell": True}
    answer = ANALYSES[protocol].synthetic(read, order, known, rater)
    if asks.confidence:
        is_right = known.right is not None and answer.get("choice") in known.right
        least = 2 if is_right and rater.random.random() < rater.behaviour.accuracy else 1
        answer["confidence"] = int(rater.random.integers(least, 4))
    if asks.reason == "required":
        answer["reason"] = "a synthetic rater's reason"
    return answer


def _known(batch: Batch, about: About | None, quality: Mapping[int, float], item: int) -> Known:
    if about is None:
        return Known()
    behind = {option.key: option.explanation for option in about.options}
    behind[ABOUT] = about.explanation
    return Known(
        quality={key: quality.get(pk, nan) for key, pk in behind.items() if pk is not None},
        right=_right(about.known),
        actual=activations_on([item])[item] if ANALYSES[batch.protocol].reads_activations else (),
    )


def _right(known: Mapping[str, object] | None) -> frozenset[str] | None:
    """Return the option keys in a known answer of a choice or of marks."""
    if known is None:
        return None
    named = known.get("marked", [known.get("choice")])
    return frozenset(map(str, named)) if isinstance(named, Sequence) else None
