"""The first half of Bills et al. (2023): up to five explanations, each rated from 1 to 7."""

from annotation.protocols.options import Option
from annotation.protocols.rate import RatePayload
from annotation.protocols.rubric import Dimension, Point
from studies.presets.base import BLIND, MARKS, Example, Material, Preset
from studies.presets.bills_2023 import NEEDS, PRACTICE, SOURCE, groups
from studies.presets.examples import WHY
from studies.presets.trust import COVERS, NO_HINT, RATES_ALIKE, STRONG_MARK

LABELS = ("Not at all", "Barely", "A little", "Partly", "Mostly", "Almost fully", "Fully")
FIT = Dimension(
    key="fit",
    name="How well does it say what the unit responds to?",
    kind="likert",
    points=tuple(Point(value=n, label=label) for n, label in enumerate(LABELS, start=1)),
    hint="Strongly marked words count most; leave unimportant details out of account.",
)


def payload(material: Material, options: tuple[Option, ...]) -> RatePayload:
    """Ask for a number for each explanation, side by side."""
    return RatePayload(groups=groups(material), options=options, dimensions=(FIT,))


PRESET = Preset(
    name="bills-2023-rate",
    title="Bills 2023, first half: rate",
    source=SOURCE,
    summary="Up to five explanations side by side, each rated from 1 to 7.",
    protocol="rate",
    needs=NEEDS,
    task=(
        "You will read short texts with words highlighted, and rate how well each of a few "
        "descriptions fits them."
    ),
    instructions=(
        f"{MARKS} Some excerpts are those on which it responds most, others are any.\n\nRate each "
        "description from 1 (does not fit at all) to 7 (fits fully). A good one covers what is "
        f"marked and nothing that stays unmarked. {BLIND}"
    ),
    plan=(
        "Mean rating of each condition with two-way clustered intervals; agreement of raters by "
        "Krippendorff's alpha (ordinal) and the intraclass correlation; rank correlation of rating "
        "and score within neurons."
    ),
    deviations=(
        "The wording is our own. Ratings and ranks are asked for in two studies of the same "
        "neurons and explanations, since all questions of a study have one form. The second is "
        "begun along with this one, and whoever has rated goes on to it."
    ),
    second_part="bills-2023-rank",
    overlap=3,
    items_per_rater=15,
    seconds=90.0,
    checks=(STRONG_MARK, COVERS, NO_HINT),
    practice=Example(
        material=PRACTICE,
        gold=lambda keys: {"rating": {keys[0]: {"fit": [5, 7]}, keys[2]: {"fit": [1, 3]}}},
        why=f"{WHY} It deserves 5 or more, and what is said of vehicles 3 or less.",
    ),
    own_rules=(RATES_ALIKE,),
    payload=payload,
)
