"""Bills et al. (2023): up to five explanations side by side, first rated, then ranked."""

from annotation.protocols.options import Option
from annotation.protocols.rank import RankPayload
from annotation.protocols.rate import RatePayload
from annotation.protocols.rate.rubric import Dimension, Point
from annotation.protocols.stimuli import Group
from studies.presets.base import BLIND, MARKS, Example, Excerpts, Material, Needs, Preset
from studies.presets.examples import COLOURS, NEAR, OTHERS, RIGHT, WHY, WRONG, explanation_texts
from studies.presets.trust import COVERS, EQUAL_RATINGS, NO_HINT, STRONG_MARK

SOURCE = "Bills et al. (2023), Language models can explain neurons in language models"
SIDE_BY_SIDE = 5
NEEDS = Needs(
    explanations_per_question="all",
    conditions=2,
    most=SIDE_BY_SIDE,
    excerpts=(
        Excerpts(name="top", choice="top", n=5),
        Excerpts(name="random", choice="random", n=5),
    ),
)
LABELS = ("Not at all", "Barely", "A little", "Partly", "Mostly", "Almost fully", "Fully")
FIT = Dimension(
    key="fit",
    name="How well does it describe what the unit responds to?",
    kind="likert",
    points=tuple(Point(value=n, label=label) for n, label in enumerate(LABELS, start=1)),
    hint="Strongly marked words count most; ignore minor details.",
)
INTRODUCTION = f"{MARKS} Some are those to which it responds most, others are random."
GOOD = f"A good description covers what is marked and nothing that is unmarked. {BLIND}"
DEVIATIONS = (
    "The wording is our own. Ratings and rankings are two studies of the same neurons and "
    "explanations, since all questions of a study have one protocol. Starting the first also "
    "creates the second, and raters who finish the first continue with it."
)
PRACTICE = Material(
    explanations=explanation_texts(RIGHT, NEAR, WRONG),
    records={"top": COLOURS, "random": OTHERS},
)


def groups(material: Material) -> tuple[Group, ...]:
    """Return the excerpts under their headings."""
    return (
        Group(heading="Texts to which the unit responds most", excerpts=material.excerpts("top")),
        Group(heading="Other texts", excerpts=material.excerpts("random")),
    )


def rate_payload(material: Material, options: tuple[Option, ...]) -> RatePayload:
    """Ask for a rating of each explanation, side by side."""
    return RatePayload(groups=groups(material), options=options, dimensions=(FIT,))


def rank_payload(material: Material, options: tuple[Option, ...]) -> RankPayload:
    """Ask for a ranking of the explanations."""
    return RankPayload(groups=groups(material), options=options)


RATE = Preset(
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
        f"{INTRODUCTION}\n\nRate each description from 1 (does not fit at all) to 7 (fits fully). "
        f"{GOOD}"
    ),
    plan=(
        "Mean rating of each condition with two-way clustered intervals; agreement of raters by "
        "Krippendorff's alpha (ordinal) and the intraclass correlation; rank correlation of rating "
        "and score within neurons."
    ),
    deviations=DEVIATIONS,
    second_part="bills-2023-rank",
    items_per_rater=15,
    seconds=90.0,
    checks=(STRONG_MARK, COVERS, NO_HINT),
    practice=Example(
        material=PRACTICE,
        gold=lambda keys: {"rating": {keys[0]: {"fit": [5, 7]}, keys[2]: {"fit": [1, 3]}}},
        why=f"{WHY} It deserves 5 or more, and “{WRONG}” 3 or less.",
    ),
    own_rules=(EQUAL_RATINGS,),
    payload=rate_payload,
)
RANK = Preset(
    name="bills-2023-rank",
    title="Bills 2023, second half: rank",
    source=SOURCE,
    summary="Up to five explanations, ranked from best to worst.",
    protocol="rank",
    needs=NEEDS,
    task=(
        "You will read short texts with words highlighted, and rank a few descriptions by how well "
        "they fit them."
    ),
    instructions=(
        f"{INTRODUCTION}\n\nRank the descriptions: put the one that fits best first. {GOOD}"
    ),
    plan=(
        "Every ranking is taken as its pairs: agreement with the sign of the score difference by "
        "score gap, compared with raters' agreement with each other; a Plackett-Luce model of the "
        "conditions; Kendall's W."
    ),
    deviations=DEVIATIONS,
    items_per_rater=15,
    seconds=75.0,
    checks=(STRONG_MARK, COVERS, NO_HINT),
    practice=Example(
        material=PRACTICE,
        gold=lambda keys: {"order": list(keys)},
        why=f"{WHY} Adjectives come second: they cover what is marked, but much else too.",
    ),
    payload=rank_payload,
)
