"""Five texts, four of which excite the unit; one does not belong."""

from annotation.entry import Check
from annotation.protocols.choose import ChoosePayload
from annotation.protocols.options import Option
from studies.presets.base import (
    Example,
    Excerpts,
    Material,
    Needs,
    Offer,
    Preset,
    first_is_right,
    offered_records,
)
from studies.presets.examples import COLOURS, OTHERS
from studies.presets.trust import position_bias

BELONG = 4


def offers(material: Material) -> tuple[Offer, ...]:
    """Return the intruder, then the four that belong together."""
    return offered_records(*material.records["intruder"], *material.records["own"])


def payload(_material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Ask for the one that does not belong."""
    return ChoosePayload(
        question="Four of these texts have something in common. Which one does not belong?",
        options=options,
    )


PRESET = Preset(
    name="intruder",
    title="Intruder: four and one",
    source=(
        "Chang et al. (2009), Reading Tea Leaves; Paulo and Belrose (2025), Evaluating SAE "
        "interpretability without explanations"
    ),
    summary="Which of five texts does not belong? Needs no explanations.",
    protocol="choose",
    needs=Needs(
        explanations_per_question="none",
        conditions=0,
        excerpts=(
            Excerpts(name="own", choice="top", n=BELONG, least=BELONG),
            Excerpts(name="intruder", choice="other", n=1),
        ),
    ),
    task="You will read five short texts at a time, and say which one does not belong.",
    instructions=(
        "Each page shows five texts. Four of them make the same unit of a language model respond: "
        "they have something in common, which may be a word, a topic or a style of writing.\n\n"
        "Choose the one that does not belong."
    ),
    plan=(
        "Share of correct choices against one in five, by neuron and layer, with two-way clustered "
        "intervals: how far a neuron's excerpts have something in common that people see."
    ),
    deviations=(
        "The intruder is a top text of another neuron of the study and not among the neuron's own "
        "records; its activation there is not measured. Texts are shown without marks."
    ),
    known=first_is_right,
    offers=offers,
    items_per_rater=50,
    seconds=20.0,
    checks=(
        Check(
            question="How many of the five texts belong together?",
            options=("Two", "Three", "Four"),
            right=2,
        ),
        Check(
            question="What can they have in common?",
            options=("A topic, and nothing else", "A word, a topic or a style of writing"),
            right=1,
        ),
    ),
    practice=Example(
        material=Material(records={"own": COLOURS[:BELONG], "intruder": OTHERS[:1]}),
        gold=first_is_right,
        why="Four of them name a colour. The text about the train names none.",
    ),
    own_rules=(position_bias(BELONG + 1),),
    payload=payload,
)
