"""Two explanations side by side, of which one fits the excerpts better, or neither."""

from annotation.protocols.compare import ComparePayload
from annotation.protocols.options import Option
from studies.presets.base import MARKS, Excerpts, Material, Needs, Offer, Preset


def payload(material: Material, options: tuple[Option, ...]) -> ComparePayload:
    """Ask for the better of two."""
    return ComparePayload(excerpts=material.excerpts("shown"), options=options)


def catch(material: Material) -> tuple[Offer, ...]:
    """Return the neuron's true description, and another neuron's."""
    return tuple(Offer(text=each.text, said=each) for each in material.truths[:2])


PRESET = Preset(
    name="pairwise",
    title="Pairwise comparison",
    source="The preference judgments of Bills et al. (2023), two at a time",
    summary="Which of two explanations fits the excerpts better, or neither?",
    protocol="compare",
    needs=Needs(takes="pair", conditions=2, excerpts=(Excerpts(name="shown", choice="mixed"),)),
    task=(
        "You will read short texts with words highlighted, and say which of two descriptions fits "
        "them better."
    ),
    instructions=(
        f"{MARKS}\n\nBelow them are two descriptions of what the unit responds to. Choose the one "
        "that fits the excerpts better. If neither is better, choose the tie. Nothing hints at who "
        "wrote them."
    ),
    plan=(
        "Agreement of preference with score, strict and with ties as half, by score gap; a "
        "Davidson model of the conditions with ties and side bias; both with two-way clustered "
        "intervals, beside the noise ceiling."
    ),
    catch=catch,
    payload=payload,
)
