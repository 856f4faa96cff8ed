"""How a model goes on with a unit held high, which an explanation should foretell."""

from annotation.entry import Check
from annotation.protocols.choose import ChoosePayload
from annotation.protocols.options import Option
from annotation.protocols.stimuli import Group, Text
from studies.presets.base import BLIND, Continuations, Example, Material, Needs, Preset
from studies.presets.examples import CONTINUATIONS, RIGHT, WRONG, explanation_texts
from studies.presets.trust import NO_HINT, one_place

TEXTS = 4


def payload(material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Show what the model wrote both ways, and ask which explanation foretells the change."""
    return ChoosePayload(
        groups=(
            Group(
                heading="With the unit as it is",
                excerpts=tuple(_text(each, each.baseline) for each in material.continuations),
            ),
            Group(
                heading="With the unit held high",
                excerpts=tuple(_text(each, each.clamped) for each in material.continuations),
            ),
        ),
        question="Which description foretells the change best?",
        options=options,
    )


def _text(changed: Continuations, went_on: str) -> Text:
    return Text(text=f"{changed.prompt}{went_on}")


PRESET = Preset(
    name="intervention",
    title="Intervention: what a unit makes a model say",
    source="The intervention score of Paulo et al. (2024), judged by people",
    summary="Which explanation foretells how the model writes when the unit is held high?",
    protocol="choose",
    needs=Needs(explanations_per_question="all", conditions=2, most=5, continuations=TEXTS),
    task=(
        "You will read texts that a language model wrote in two ways, and say which of a few "
        "descriptions foretells the difference."
    ),
    instructions=(
        "Each page shows how a language model went on with a few texts: as it is, and with one of "
        "its units held high.\n\nBelow are descriptions of the unit. Choose the one from which you "
        f"would have foretold the change. {BLIND}"
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
            question="What differs between the two groups of texts?",
            options=(
                "One unit of the model was held high for the second",
                "Two models wrote them",
                "The second are corrected",
            ),
            right=0,
        ),
        Check(
            question="Which description do you choose?",
            options=(
                "The one that fits the first group",
                "The one from which the difference could have been foretold",
            ),
            right=1,
        ),
        NO_HINT,
    ),
    practice=Example(
        material=Material(
            explanations=explanation_texts(RIGHT, WRONG), continuations=CONTINUATIONS
        ),
        gold=lambda keys: {"choice": keys[0]},
        why=f"Held high, the unit puts colours into every text: “{RIGHT}” foretells that.",
    ),
    own_rules=(one_place(3),),
    payload=payload,
)
