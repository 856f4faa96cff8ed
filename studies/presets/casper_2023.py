"""Casper et al. (2023): whether an explanation leads people to the true one of eight rules."""

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
    offered_truths,
    text_group,
)
from studies.presets.examples import explanation_texts
from studies.presets.trust import NO_HINT, position_bias

OFFERED = 8


def payload(material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Show an explanation, and ask which rule is true of the unit."""
    return ChoosePayload(
        groups=(text_group("A description of the unit", material.explanation.text),),
        question="Which of these rules does the description point to?",
        options=options,
    )


PRESET = Preset(
    name="casper-2023",
    title="Casper 2023: one of eight",
    source="Casper et al. (2023), Red Teaming Deep Neural Networks with Feature Synthesis Tools",
    summary="Does an explanation lead people to the truth, among eight? Needs known truth.",
    protocol="choose",
    needs=Needs(explanations_per_question="one", truths=OFFERED - 1, fires=False),
    task=(
        "You will read a description of something that follows a hidden rule, and say which of "
        "eight rules it points to."
    ),
    instructions=(
        "Each page shows a description, by a person or a program, of a unit that follows a hidden "
        "rule.\n\nBelow it are eight rules, one of which is the true one. Choose the one that the "
        f"description points to. {BLIND}"
    ),
    plan=(
        "Share of correct choices of each condition against one in eight, differences between "
        "conditions within neurons, with two-way clustered intervals."
    ),
    deviations=(
        "In the paper, people named trojans from pictures made by tools; here they name a neuron's "
        "true description from an explanation. It needs neurons with known truth "
        "(docs/ground-truth.md)."
    ),
    known=first_is_right,
    offers=offered_truths,
    items_per_rater=30,
    checks=(
        Check(
            question="What is shown above the eight rules?",
            options=("A description of the unit", "The true rule", "The answer of another rater"),
            right=0,
        ),
        Check(
            question="How many of the eight rules are true?",
            options=("None", "One", "As many as fit"),
            right=1,
        ),
        NO_HINT,
    ),
    practice=Example(
        material=Material(
            explanations=explanation_texts(
                "It seems to respond to shades such as crimson and teal."
            ),
            truths=explanation_texts(
                *("It responds to words for colours.", "It responds to numbers."),
                *("It responds to names of cities.", "It responds to the last word of a text."),
                *("It responds to verbs of motion.", "It responds to questions."),
                *("It responds to words for food.", "It responds to words in capitals."),
            ),
        ),
        gold=first_is_right,
        why="Crimson and teal are colours. Nothing in the description points to another rule.",
    ),
    own_rules=(position_bias(OFFERED),),
    payload=payload,
)
