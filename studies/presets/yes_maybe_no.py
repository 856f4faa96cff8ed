"""One explanation that fits, may fit, or does not."""

from annotation.entry import Check
from annotation.protocols.options import Option
from annotation.protocols.rate import RatePayload
from annotation.protocols.rate.rubric import Dimension, Point
from studies.presets.base import BLIND, MARKS, SHOWN, Example, Material, Needs, Preset
from studies.presets.examples import COLOURS, RIGHT, WRONG, explanation_texts
from studies.presets.trust import STRONG_MARK

FITS = Dimension(
    key="fits",
    name="Does the description fit the excerpts?",
    kind="likert",
    points=tuple(Point(value=n, label=label) for n, label in enumerate(("No", "Maybe", "Yes"))),
)


def payload(material: Material, options: tuple[Option, ...]) -> RatePayload:
    """Ask whether one explanation fits."""
    return RatePayload(excerpts=material.excerpts("shown"), options=options, dimensions=(FITS,))


PRESET = Preset(
    name="yes-maybe-no",
    title="Blind yes, maybe, no",
    source=(
        "Rajamanoharan et al. (2024), Improving Dictionary Learning with Gated Sparse Autoencoders"
    ),
    summary="One explanation: does it fit? The quickest of all.",
    protocol="rate",
    needs=Needs(explanations_per_question="one", excerpts=SHOWN),
    task=(
        "You will read short texts with words highlighted, and say whether a description fits them."
    ),
    instructions=(
        f"{MARKS}\n\nBelow them is a description of what the unit responds to. Say whether it "
        "fits. If it covers only part of what is marked, or much that is unmarked, say maybe. "
        f"{BLIND}"
    ),
    plan=(
        "Share of yes, maybe and no by condition, with two-way clustered intervals; agreement by "
        "Krippendorff's alpha (ordinal) and Gwet's AC."
    ),
    deviations=(
        "In the paper, people said whether they could explain a unit at all; here, whether a given "
        "explanation fits it."
    ),
    items_per_rater=60,
    seconds=15.0,
    checks=(
        STRONG_MARK,
        Check(
            question="A description covers only part of what is marked. What do you say?",
            options=("Yes", "No", "Maybe"),
            right=2,
        ),
    ),
    practice=Example(
        material=Material(explanations=explanation_texts(WRONG), records={"shown": COLOURS}),
        gold=lambda keys: {"rating": {keys[0]: {"fits": [0, 0]}}},
        why=(
            f"No: {RIGHT} are marked, in texts about quite different things. One text mentions a "
            "bike, but that does not make the description fit."
        ),
    ),
    payload=payload,
)
