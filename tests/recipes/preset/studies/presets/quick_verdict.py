"""One explanation that fits or does not."""

from annotation.protocols.verdict import VerdictPayload

from annotation.entry import Check
from annotation.protocols.options import Option
from studies.presets.base import BLIND, MARKS, SHOWN, Example, Material, Needs, Preset, no_offers
from studies.presets.examples import COLOURS, WRONG, explanation_texts


def payload(material: Material, _options: tuple[Option, ...]) -> VerdictPayload:
    """Ask whether one explanation fits."""
    return VerdictPayload(
        explanation=material.explanation.text, excerpts=material.excerpts("shown")
    )


PRESET = Preset(
    name="quick-verdict",
    title="Quick verdict",
    source="An example of how a design is added",
    summary="One explanation: does it fit?",
    protocol="verdict",
    needs=Needs(explanations_per_question="one", excerpts=SHOWN),
    task="You will read short texts with words highlighted, and say whether a description fits.",
    instructions=f"{MARKS}\n\nSay whether the description above them fits. {BLIND}",
    plan="Share of yes by condition, with two-way intervals.",
    offers=no_offers,
    checks=(Check(question="What do you say?", options=("Yes or no", "A number"), right=0),),
    practice=Example(
        material=Material(explanations=explanation_texts(WRONG), records={"shown": COLOURS}),
        gold=lambda _keys: {"fits": False},
        why="No: colours are marked, in texts about quite different things.",
    ),
    payload=payload,
)
