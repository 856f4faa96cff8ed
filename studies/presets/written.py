"""People write explanations of their own."""

from annotation.entry import Check
from annotation.protocols.options import Option
from annotation.protocols.write import WritePayload
from studies.presets.base import MARKS, SHOWN, Example, Material, Needs, Preset, no_offers
from studies.presets.examples import COLOURS, RIGHT, WHY
from studies.presets.trust import STRONG_MARK


def payload(material: Material, _options: tuple[Option, ...]) -> WritePayload:
    """Ask what the excerpts have in common."""
    return WritePayload(excerpts=material.excerpts("shown"))


PRESET = Preset(
    name="written",
    title="Written explanations",
    source="The human explanation baseline of Bills et al. (2023)",
    summary="Raters write what the unit responds to, in their own words. Needs no explanations.",
    protocol="write",
    needs=Needs(explanations_per_question="none", conditions=0, excerpts=SHOWN),
    task="You will read short texts with words highlighted, and say what they have in common.",
    instructions=(
        f"{MARKS}\n\nWrite in one sentence what the unit responds to, so that somebody else could "
        "mark new texts as it would. Strongly marked words count most."
    ),
    plan=(
        "The explanations are adopted as explanations by people, and compete with those of models "
        "on equal terms: simulated, scored, and compared in a study of their own."
    ),
    overlap=2,
    items_per_rater=15,
    excerpts=10,
    seconds=90.0,
    offers=no_offers,
    checks=(
        STRONG_MARK,
        Check(
            question="What is a good description?",
            options=(
                "One that names every text",
                "One that says what the texts mean to you",
                "One from which somebody else could mark new texts as the unit would",
            ),
            right=2,
        ),
    ),
    practice=Example(
        material=Material(records={"shown": COLOURS}),
        gold=lambda _keys: {"words": ["colour", "color"]},
        why=f"A good answer is “{RIGHT}”. {WHY}",
    ),
    payload=payload,
)
