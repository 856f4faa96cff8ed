"""Which explanation predicts how a model continues texts with a unit clamped to a high value."""

from annotation.entry import Check
from annotation.protocols.choose import ChoosePayload
from annotation.protocols.options import Option
from studies.presets.base import (
    BLIND,
    Example,
    Material,
    Needs,
    Preset,
    first_is_right,
    text_group,
)
from studies.presets.examples import CONTINUATIONS, RIGHT, WRONG, explanation_texts
from studies.presets.trust import NO_HINT, position_bias

TEXTS = 4


def payload(material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Show what the model wrote both ways, and ask which explanation predicts the change."""
    texts = material.continuations
    return ChoosePayload(
        groups=(
            text_group("With the unit unchanged", *(f"{t.prompt}{t.baseline}" for t in texts)),
            text_group("With the unit turned up", *(f"{t.prompt}{t.clamped}" for t in texts)),
        ),
        question="Which description predicts the change best?",
        options=options,
    )


PRESET = Preset(
    name="intervention",
    title="Intervention: what a unit makes a model say",
    source="The intervention score of Paulo et al. (2024), judged by people",
    summary="Which explanation predicts how the model writes when the unit is turned up?",
    protocol="choose",
    needs=Needs(explanations_per_question="all", conditions=2, most=5, continuations=TEXTS),
    task=(
        "You will read texts that a language model wrote in two ways, and say which of a few "
        "descriptions predicts the difference."
    ),
    instructions=(
        "Each page shows how a language model continued a few texts: unchanged, and with one of "
        "its units turned up.\n\nBelow are descriptions of the unit. Choose the one from which you "
        f"would have predicted the change. {BLIND}"
    ),
    plan=(
        "Share of each condition's choices within neurons, with two-way clustered intervals; "
        "agreement with the same choice by a language model. What excites a unit need not be what "
        "it makes a model say."
    ),
    items_per_rater=25,
    seconds=60.0,
    checks=(
        Check(
            question="How do the two groups of texts differ?",
            options=(
                "One unit of the model was turned up for the second",
                "Two models wrote them",
                "The second are corrected",
            ),
            right=0,
        ),
        Check(
            question="Which description do you choose?",
            options=(
                "The one that fits the first group",
                "The one from which the difference could have been predicted",
            ),
            right=1,
        ),
        NO_HINT,
    ),
    practice=Example(
        material=Material(
            explanations=explanation_texts(RIGHT, WRONG), continuations=CONTINUATIONS
        ),
        gold=first_is_right,
        why=f"When turned up, the unit puts colours into every text: “{RIGHT}” predicts that.",
    ),
    own_rules=(position_bias(3),),
    payload=payload,
)
