"""Which pairs were drawn, how, and how likely that was; empty where a study chooses none."""

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
    """Return how the pair of a judgment was drawn; nothing where it was not."""
    if draw is None:
        return {"arm": None, "probability": None}
    return {"arm": draw.arm, "probability": draw.probability}


def _draws(study: Study) -> Iterator[Row]:
    # Looking for draws goes through all answers at once.
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
        "`random` or `active`: how the pair was drawn, where pairs are chosen as votes come in",
    ),
    Column("probability", "number", "how likely that draw was, by either arm"),
)
DRAWS = Table(
    about="One row per draw of a pair, in order, where pairs are chosen as votes come in.",
    columns=(
        ITEM,
        Column("round", "whole", "the round, from 0, which is drawn at random"),
        Column("place", "whole", "which draw of the round, from 0"),
        *DRAWN,
        Column("drawn", "time", "when, in UTC"),
        Column("judgment", "text", "the key of the judgment that answers it; empty before"),
    ),
    rows=_draws,
)
