"""Two explanations side by side, of which one fits the excerpts better, or neither."""

from dataclasses import replace

from annotation.protocols.compare import ComparePayload
from annotation.protocols.options import Option
from studies.presets.base import (
    BLIND,
    MARKS,
    SHOWN,
    Example,
    Material,
    MissingMaterial,
    Needs,
    Offer,
    Preset,
    first_is_right,
    offered_truths,
)
from studies.presets.examples import COLOURS, RIGHT, WHY, WRONG, explanation_texts
from studies.presets.trust import EQUAL, MISSED_CATCHES, NO_HINT, STRONG_MARK, position_bias


def payload(material: Material, options: tuple[Option, ...]) -> ComparePayload:
    """Ask for the better of two."""
    return ComparePayload(excerpts=material.excerpts("shown"), options=options)


def payload_with_strength(material: Material, options: tuple[Option, ...]) -> ComparePayload:
    """Ask for the better of two, and how much better it fits."""
    return ComparePayload(excerpts=material.excerpts("shown"), options=options, strength=True)


def catch(material: Material) -> tuple[Offer, ...]:
    """Return the neuron's true description, and another neuron's."""
    if len(material.truths) < 2:
        raise MissingMaterial("without a known true description")
    return offered_truths(material)[:2]


PRESET = Preset(
    name="pairwise",
    title="Pairwise comparison",
    source="The preference judgments of Bills et al. (2023), two at a time",
    summary="Which of two explanations fits the excerpts better, or neither?",
    protocol="compare",
    needs=Needs(explanations_per_question="pair", conditions=2, catch_truths=1, excerpts=SHOWN),
    task=(
        "You will read short texts with words highlighted, and say which of two descriptions fits "
        "them better."
    ),
    instructions=(
        f"{MARKS}\n\nBelow them are two descriptions of what the unit responds to. Choose the one "
        "that fits the excerpts better. If both fit equally well (or badly), say so. "
        f"{BLIND}"
    ),
    plan=(
        "Agreement of preference with score, strict and with ties as half, by score gap; a "
        "Davidson model of the conditions with ties and position bias; both with two-way clustered "
        "intervals, compared with the noise ceiling."
    ),
    checks=(STRONG_MARK, EQUAL, NO_HINT),
    practice=Example(
        material=Material(explanations=explanation_texts(RIGHT, WRONG), records={"shown": COLOURS}),
        gold=first_is_right,
        why=f"{WHY} “{WRONG.capitalize()}” fits one text at most.",
    ),
    own_rules=(MISSED_CATCHES, position_bias(2, pauses=False)),
    catch=catch,
    payload=payload,
)

STRENGTH = replace(
    PRESET,
    name="pairwise-strength",
    title="Pairwise comparison with strength",
    source=(
        "The preference judgments of Bills et al. (2023), with degrees of preference as in Scheffé "
        "(1952) and in the preference data of Llama 2 (Touvron et al. 2023)"
    ),
    summary="Which of two explanations fits the excerpts better, and how much better?",
    task=(
        "You will read short texts with words highlighted, and say which of two descriptions fits "
        "them better, and how much better."
    ),
    instructions=(
        f"{MARKS}\n\nBelow them are two descriptions of what the unit responds to. Choose the one "
        "that fits the excerpts better, and say how much better it fits. If both fit equally well "
        f"(or badly), say so. {BLIND}"
    ),
    plan=(
        f"{PRESET.plan} Agreement of preference with score by strength of preference: a good "
        "score predicts strong preferences more often."
    ),
    deviations="Three degrees of preference instead of four or seven. Own wording.",
    payload=payload_with_strength,
    seconds=PRESET.seconds + 3,
)
