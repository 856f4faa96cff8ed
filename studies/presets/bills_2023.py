"""What the two halves of Bills et al. (2023) share: top and random excerpts, five explanations."""

from annotation.protocols.stimuli import Group
from studies.presets.base import Excerpts, Material, Needs
from studies.presets.examples import COLOURS, NEAR, OTHERS, RIGHT, WRONG, explanation_texts

SOURCE = "Bills et al. (2023), Language models can explain neurons in language models"
SIDE_BY_SIDE = 5
NEEDS = Needs(
    explanations_per_question="all",
    conditions=2,
    most=SIDE_BY_SIDE,
    excerpts=(
        Excerpts(name="top", choice="top", n=5),
        Excerpts(name="random", choice="random", n=5),
    ),
)
PRACTICE = Material(
    explanations=explanation_texts(RIGHT, NEAR, WRONG), records={"top": COLOURS, "random": OTHERS}
)


def groups(material: Material) -> tuple[Group, ...]:
    """Return the excerpts under their headings."""
    return (
        Group(heading="Texts on which the unit responds most", excerpts=material.excerpts("top")),
        Group(heading="Other texts", excerpts=material.excerpts("random")),
    )
