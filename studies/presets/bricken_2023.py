"""The rubric of Bricken et al. (2023): four dimensions, 0 to 14 points in total."""

from annotation.entry import Check
from annotation.protocols.options import Option
from annotation.protocols.rate import RatePayload
from annotation.protocols.rate.rubric import Dimension, Point
from studies.presets.base import BLIND, MARKS, SHOWN, Example, Material, Needs, Preset
from studies.presets.examples import COLOURS, RIGHT, WHY, explanation_texts
from studies.presets.trust import EQUAL_RATINGS, STRONG_MARK


def _dimension(key: str, name: str, hint: str, *labels: str) -> Dimension:
    points = tuple(Point(value=n, label=label) for n, label in enumerate(labels))
    return Dimension(key=key, name=name, kind="likert", points=points, hint=hint)


RUBRIC = (
    _dimension(
        "confidence",
        "How confident are you that the description is right?",
        "From the excerpts alone.",
        *("Not at all", "A little", "Fairly", "Fully"),
    ),
    _dimension(
        "activations",
        "How consistently do the strongest marks fit it?",
        "Look at the strongest marks first.",
        *("Never", "Rarely", "Sometimes", "Often", "Nearly always", "Always"),
    ),
    _dimension(
        "consequences",
        "How well does the text after the marked words fit it?",
        "Read on after the marks: is the next part what you would expect?",
        *("Not at all", "A little", "Fairly", "Fully"),
    ),
    _dimension(
        "specificity",
        "How specific is the description?",
        "A description of a single idea is specific; one that fits most texts is not.",
        *("Fits anything", "Broad", "Fairly narrow", "One clear idea"),
    ),
)


def payload(material: Material, options: tuple[Option, ...]) -> RatePayload:
    """Ask for four ratings of one explanation."""
    return RatePayload(excerpts=material.excerpts("shown"), options=options, dimensions=RUBRIC)


PRESET = Preset(
    name="bricken-2023",
    title="Bricken 2023: rubric of 0 to 14",
    source="Bricken et al. (2023), Towards Monosemanticity, the rubric of the manual analysis",
    summary="One explanation, rated on four dimensions of 3, 5, 3 and 3 points.",
    protocol="rate",
    needs=Needs(explanations_per_question="one", excerpts=SHOWN),
    task=(
        "You will read short texts with words highlighted, and rate a description of them on four "
        "scales."
    ),
    instructions=(
        f"{MARKS}\n\nBelow them is a description of what the unit responds to. Rate it on each of "
        f"the four scales. {BLIND}"
    ),
    plan=(
        "The sum of the four, 0 to 14, for each explanation: medians by condition, differences "
        "within neurons with two-way clustered intervals; agreement of raters for each dimension "
        "(ordinal alpha) and for the sum (intraclass correlation)."
    ),
    deviations=(
        "The third dimension was about logit weights, which are not stored here: raters judge what "
        "follows the marked words instead. Raters judge a given description and do not write their "
        "own first. The wording is our own."
    ),
    items_per_rater=25,
    excerpts=12,
    seconds=60.0,
    checks=(
        STRONG_MARK,
        Check(
            question="What do you rate?",
            options=(
                "The description, on each of the four scales",
                "How interesting the excerpts are",
                "How well the excerpts are written",
            ),
            right=0,
        ),
    ),
    practice=Example(
        material=Material(explanations=explanation_texts(RIGHT), records={"shown": COLOURS}),
        gold=lambda keys: {"rating": {keys[0]: {"activations": [4, 5], "specificity": [2, 3]}}},
        why=f"{WHY} The strongest marks always fit it, and it is one clear idea.",
    ),
    own_rules=(EQUAL_RATINGS,),
    payload=payload,
)
