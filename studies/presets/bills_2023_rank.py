"""The second half of Bills et al. (2023): up to five explanations, in order."""

from annotation.protocols.options import Option
from annotation.protocols.rank import RankPayload
from studies.presets.base import BLIND, MARKS, Example, Material, Preset
from studies.presets.bills_2023 import NEEDS, PRACTICE, SOURCE, groups
from studies.presets.examples import WHY
from studies.presets.trust import COVERS, NO_HINT, STRONG_MARK


def payload(material: Material, options: tuple[Option, ...]) -> RankPayload:
    """Ask for an order of the explanations."""
    return RankPayload(groups=groups(material), options=options)


PRESET = Preset(
    name="bills-2023-rank",
    title="Bills 2023, second half: rank",
    source=SOURCE,
    summary="Up to five explanations, put in order from best to worst.",
    protocol="rank",
    needs=NEEDS,
    task=(
        "You will read short texts with words highlighted, and put a few descriptions in order of "
        "how well they fit them."
    ),
    instructions=(
        f"{MARKS} Some excerpts are those on which it responds most, others are any.\n\nPut the "
        "descriptions in order: the one that fits best comes first. A good one covers what is "
        f"marked and nothing that stays unmarked. {BLIND}"
    ),
    plan=(
        "Every ranking is taken as its pairs: agreement with the sign of the score difference by "
        "score gap, beside raters' agreement with each other; a Plackett-Luce model of the "
        "conditions; Kendall's W."
    ),
    deviations=(
        "The wording is our own. Ratings and ranks are asked for in two studies of the same "
        "neurons and explanations, since all questions of a study have one form. To have both, "
        "start the first half: this one is begun along with it."
    ),
    overlap=3,
    items_per_rater=15,
    seconds=75.0,
    checks=(STRONG_MARK, COVERS, NO_HINT),
    practice=Example(
        material=PRACTICE,
        gold=lambda keys: {"order": list(keys)},
        why=f"{WHY} Adjectives come second: they cover what is marked, and much that is not.",
    ),
    payload=payload,
)
