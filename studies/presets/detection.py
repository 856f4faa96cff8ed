"""One explanation and eight texts, of which people mark those that fit it."""

from annotation.entry import Check
from annotation.protocols.mark import MarkPayload
from annotation.protocols.options import Option
from explanations.records import Split
from studies.presets.base import (
    BLIND,
    Example,
    Excerpts,
    Material,
    Needs,
    Offer,
    Preset,
    offered_records,
)
from studies.presets.examples import COLOURS, OTHERS, RIGHT, explanation_texts
from studies.presets.trust import NO_HINT


def offers(material: Material) -> tuple[Offer, ...]:
    """Return texts that excite the unit, then as many that do not."""
    return offered_records(*material.records["strong"], *material.records["weak"])


def payload(material: Material, options: tuple[Option, ...]) -> MarkPayload:
    """Ask which texts fit the explanation."""
    return MarkPayload(explanation=material.explanation.text, options=options)


def known(keys: tuple[str, ...]) -> dict[str, object]:
    """Return the texts that excite the unit: the first half."""
    return {"marked": sorted(keys[: len(keys) // 2])}


PRESET = Preset(
    name="detection",
    title="Detection by people",
    source="The detection score of Paulo et al. (2024), answered by people",
    summary="Which of eight unmarked texts fit the explanation?",
    protocol="mark",
    needs=Needs(
        explanations_per_question="one",
        excerpts=(
            Excerpts(name="strong", choice="top", n=4, least=4, split=Split.SCORE),
            Excerpts(name="weak", choice="quiet", n=4, least=4, split=Split.SCORE),
        ),
    ),
    task="You will read a description and short texts, and say which of the texts fit it.",
    instructions=(
        "Each page shows a description of what one unit of a language model responds to, and "
        f"eight texts.\n\nMark every text that fits the description; there may be none. {BLIND}"
    ),
    plan=(
        "Balanced accuracy of each condition, differences within neurons with two-way clustered "
        "intervals; compared with the same score by a language model."
    ),
    known=known,
    offers=offers,
    items_per_rater=30,
    seconds=45.0,
    checks=(
        Check(
            question="How many of the eight texts do you mark?",
            options=("Exactly four", "At least one", "All that fit, which may be none"),
            right=2,
        ),
        Check(
            question="What do you compare the texts with?",
            options=("The description", "Each other", "What you know about language models"),
            right=0,
        ),
        NO_HINT,
    ),
    practice=Example(
        material=Material(
            explanations=explanation_texts(RIGHT),
            records={"strong": COLOURS[:4], "weak": OTHERS[:4]},
        ),
        gold=known,
        why="Four texts name a colour: those about the bike, the kitchen, the sky and the glove.",
    ),
    payload=payload,
)
