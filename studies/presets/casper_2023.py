"""One of eight descriptions is true: whether an explanation leads people to it."""

from annotation.entry import Check
from annotation.protocols.choose import ChoosePayload
from annotation.protocols.options import Option
from annotation.protocols.stimuli import Group, Text
from studies.presets.base import (
    BLIND,
    Example,
    Material,
    Needs,
    Offer,
    Preset,
    first_is_right,
)
from studies.presets.examples import explanation_texts
from studies.presets.trust import NO_HINT, one_place

OFFERED = 8


def offers(material: Material) -> tuple[Offer, ...]:
    """Return the true description, and then seven of other neurons."""
    return tuple(Offer(text=each.text, explanation=each) for each in material.truths)


def payload(material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Show what somebody said of the unit, and ask what is true of it."""
    [explanation] = material.explanations
    return ChoosePayload(
        groups=(
            Group(heading="What was said of the unit", excerpts=(Text(text=explanation.text),)),
        ),
        question="Which of these does it speak of?",
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
        "You will read what was said of a hidden rule, and say which of eight descriptions it "
        "speaks of."
    ),
    instructions=(
        "Each page shows what somebody or something said of a unit that follows a hidden rule.\n\n"
        "Below are eight rules, one of which is the true one. Choose the one that you are led to. "
        f"{BLIND}"
    ),
    plan=(
        "Share of right choices of each condition against one in eight, differences between "
        "conditions within neurons, with two-way clustered intervals."
    ),
    deviations=(
        "There, people named trojans from pictures that tools made; here they name a neuron's true "
        "description from an explanation. It takes neurons with known truth (docs/ground-truth.md)."
    ),
    known=first_is_right,
    offers=offers,
    items_per_rater=30,
    seconds=30.0,
    checks=(
        Check(
            question="What stands above the eight rules?",
            options=("What was said of the unit", "The true rule", "The answer of another rater"),
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
                "It seems to wake up at shades such as crimson and teal."
            ),
            truths=explanation_texts(
                *("It responds to words for colours.", "It responds to numbers."),
                *("It responds to names of cities.", "It responds to the last word of a text."),
                *("It responds to verbs of motion.", "It responds to questions."),
                *("It responds to words for food.", "It responds to words in capitals."),
            ),
        ),
        gold=first_is_right,
        why="Crimson and teal are colours. Nothing that was said points to another rule.",
    ),
    own_rules=(one_place(OFFERED),),
    payload=payload,
)
