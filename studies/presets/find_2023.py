"""An input and three outputs of a function, of which an explanation should foretell one."""

import numpy as np

from annotation.entry import Check
from annotation.protocols.choose import ChoosePayload
from annotation.protocols.options import Option
from annotation.protocols.stimuli import Group, Text
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
)
from studies.presets.examples import explanation_texts, number_record
from studies.presets.trust import one_place

OFFERED = 3


def offers(material: Material) -> tuple[Offer, ...]:
    """Return the output on the input shown, and two outputs on others."""
    found = dict[str, Offer]()
    for seen in material.records["pairs"]:
        output = written(_pair(seen).output)
        found.setdefault(output, Offer(shown=Text(text=output), record=seen.record))
    if len(found) < OFFERED or any(not output.strip() for output in found):
        raise MissingMaterial("whose records have no three different outputs")
    return tuple(found.values())[:OFFERED]


def payload(material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Show an explanation and an input, and ask for the output."""
    [explanation] = material.explanations
    given = written(_pair(material.records["pairs"][0]).given)
    return ChoosePayload(
        groups=(
            Group(heading="What was said of the function", excerpts=(Text(text=explanation.text),)),
            Group(heading="The input", excerpts=(Text(text=given),)),
        ),
        question="Which of these does the function give?",
        options=options,
    )


def _pair(seen: ShownRecord) -> Pair:
    values = np.array(seen.values, dtype=np.float32)
    excerpt = TokenActivations(tokens=seen.excerpt.tokens, activations=values, scale=Scale.RAW)
    pair = pair_of(excerpt)
    if pair is None or not written(pair.given).strip():
        raise MissingMaterial("whose records are no inputs and outputs of a function")
    return pair


PRESET = Preset(
    name="find-2023",
    title="FIND 2023: three outputs",
    source="Schwettmann et al. (2023), FIND: A Function Description Benchmark",
    summary="Which of three outputs does the explanation foretell? For made functions.",
    protocol="choose",
    needs=Needs(
        explanations_per_question="one",
        excerpts=(Excerpts(name="pairs", choice="mixed", n=8, least=OFFERED, split=Split.SCORE),),
        fires=False,
    ),
    task="You will read what a function does, and say what it gives for an input.",
    instructions=(
        "Each page shows what somebody or something said of a hidden function, and an input.\n\n"
        f"Below are three outputs. Choose the one that the function gives. {BLIND}"
    ),
    plan=(
        "Share of right choices of each condition against one in three, differences between "
        "conditions within functions, with two-way clustered intervals."
    ),
    deviations=(
        "There, a language model chose; here people do. The outputs that are wrong are the same "
        "function's on other held-out inputs."
    ),
    known=first_is_right,
    offers=offers,
    items_per_rater=40,
    seconds=25.0,
    checks=(
        Check(
            question="What do you go by?",
            options=("What the function should do", "What was said of it, and the input"),
            right=1,
        ),
        Check(
            question="How many of the three outputs does the function give for the input?",
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
    own_rules=(one_place(OFFERED),),
    payload=payload,
)
