"""FIND (2023): an input and three outputs of a function, one of which an explanation predicts."""

import numpy as np

from annotation.entry import Check
from annotation.protocols.choose import ChoosePayload
from annotation.protocols.options import Option
from annotation.protocols.stimuli import Text
from explanations.ground_truth.pairs import Pair, pair_of, written
from explanations.records import Scale, Split, TokenActivations
from studies.presets.base import (
    BLIND,
    Example,
    Excerpts,
    Material,
    MissingMaterial,
    Needs,
    Offer,
    Preset,
    ShownRecord,
    first_is_right,
    text_group,
)
from studies.presets.examples import explanation_texts, number_record
from studies.presets.trust import position_bias

OFFERED = 3


def offers(material: Material) -> tuple[Offer, ...]:
    """Return the output for the input shown, and two outputs for others."""
    found = dict[str, Offer]()
    for record in material.records["pairs"]:
        output = written(_pair(record).output)
        found.setdefault(output, Offer(shown=Text(text=output), record=record.record))
    if len(found) < OFFERED or any(not output.strip() for output in found):
        raise MissingMaterial("without three different outputs")
    return tuple(found.values())[:OFFERED]


def payload(material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Show an explanation and an input, and ask for the output."""
    return ChoosePayload(
        groups=(
            text_group("A description of the function", material.explanation.text),
            text_group("The input", written(_pair(material.records["pairs"][0]).given)),
        ),
        question="Which of these is the function's output?",
        options=options,
    )


def _pair(record: ShownRecord) -> Pair:
    values = np.array(record.values, dtype=np.float32)
    excerpt = TokenActivations(tokens=record.excerpt.tokens, activations=values, scale=Scale.RAW)
    pair = pair_of(excerpt) if record.function else None
    if pair is None or not written(pair.given).strip():
        raise MissingMaterial("whose records are not inputs and outputs of a function")
    return pair


PRESET = Preset(
    name="find-2023",
    title="FIND 2023: three outputs",
    source="Schwettmann et al. (2023), FIND: A Function Description Benchmark",
    summary="Which of three outputs does the explanation predict? For functions.",
    protocol="choose",
    needs=Needs(
        explanations_per_question="one",
        excerpts=(Excerpts(name="pairs", choice="mixed", n=8, least=OFFERED, split=Split.SCORE),),
        fires=False,
    ),
    task="You will read what a function does, and say what its output is for an input.",
    instructions=(
        "Each page shows a description, by a person or a program, of a hidden function, and an "
        "input.\n\nBelow are three outputs. Choose the one that the function returns for this "
        f"input. {BLIND}"
    ),
    plan=(
        "Share of correct choices of each condition against one in three, differences between "
        "conditions within functions, with two-way clustered intervals."
    ),
    deviations=(
        "In the paper, a language model chose; here people do. The wrong outputs are those of the "
        "same function for other held-out inputs."
    ),
    known=first_is_right,
    offers=offers,
    seconds=25.0,
    checks=(
        Check(
            question="What is your choice based on?",
            options=("What the function should do", "The description and the input"),
            right=1,
        ),
        Check(
            question="How many of the three outputs does the function return for the input?",
            options=("One", "Two", "It is not known"),
            right=0,
        ),
    ),
    practice=Example(
        material=Material(
            explanations=explanation_texts("It doubles its input and adds one."),
            records={
                "pairs": (
                    number_record("3", 7.0),
                    number_record("10", 21.0),
                    number_record("-4", -7.0),
                )
            },
        ),
        gold=first_is_right,
        why="Twice 3 is 6, and one more is 7.",
    ),
    own_rules=(position_bias(OFFERED),),
    payload=payload,
)
