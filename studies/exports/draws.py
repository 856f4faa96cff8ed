"""The draws of pairs and their probabilities; empty unless pairs are chosen adaptively."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from studies.exports.columns import ITEM, Column, Row, Table
from studies.models import Study
from studies.selectors.drawing import Drawn, study_draws


def draws_by_judgment(study: Study) -> Mapping[UUID, Drawn]:
    """Return the draw that each judgment answers, by its key."""
    if not study.draws_pairs:
        return {}
    return {each.judgment: each for each in study_draws(study) if each.judgment is not None}


def drawn_as(draw: Drawn | None) -> Row:
    """Return the arm and probability of a draw; empty without one."""
    if draw is None:
        return {"arm": None, "probability": None}
    return {"arm": draw.arm, "probability": draw.probability}


def _draws(study: Study) -> Iterator[Row]:
    # Matching draws to answers reads all answers at once.
    for draw in study_draws(study) if study.draws_pairs else ():
        yield {
            "item": draw.position,
            "round": draw.round,
            "place": draw.place,
            **drawn_as(draw),
            "drawn": draw.drawn,
            "judgment": str(draw.judgment) if draw.judgment else None,
        }


DRAWN = (
    Column(
        "arm",
        "text",
        "`random` or `active`: how the pair was drawn, if pairs are chosen adaptively",
    ),
    Column("probability", "number", "probability of the draw, by either arm, given those before"),
)
DRAWS = Table(
    about="One row per draw of a pair, in order, if pairs are chosen adaptively.",
    columns=(
        ITEM,
        Column("round", "whole", "round, from 0; round 0 is random"),
        Column("place", "whole", "position within the round, from 0"),
        *DRAWN,
        Column("drawn", "time", "when it was drawn, in UTC"),
        Column("judgment", "text", "key of the judgment that answers it; empty until then"),
    ),
    rows=_draws,
)
