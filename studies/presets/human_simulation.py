"""People simulate a unit's activations from its explanation alone."""

from annotation.entry import Check
from annotation.protocols.options import Option
from annotation.protocols.simulate import MAX_TOKENS, SimulatePayload
from explanations.records import Split
from studies.presets.base import BLIND, Example, Excerpts, Material, Needs, Preset, no_offers
from studies.presets.examples import COLOURS, RIGHT, explanation_texts, painted

TEXTS = 2
TOKENS = MAX_TOKENS // TEXTS


def payload(material: Material, _options: tuple[Option, ...]) -> SimulatePayload:
    """Ask for a number on every token of held-out texts."""
    texts = tuple(each.excerpt.tokens[:TOKENS] for each in material.records["held_out"])
    return SimulatePayload(explanation=material.explanation.text, texts=texts)


PRESET = Preset(
    name="human-simulation",
    title="Human simulation",
    source="The simulation of Bills et al. (2023), by people instead of a model",
    summary="Paint 0 to 10 on each word of two held-out texts, from the explanation alone.",
    protocol="simulate",
    needs=Needs(
        explanations_per_question="one",
        excerpts=(Excerpts(name="held_out", choice="mixed", n=TEXTS, split=Split.SCORE),),
    ),
    task="You will read a description, and mark the words in short texts that it applies to.",
    instructions=(
        "Each page shows a description of what one unit of a language model responds to, and "
        "texts.\n\nMark how strongly the unit would respond to each word, from 0 (not at all) to "
        f"10 (most). Most words get 0. {BLIND}"
    ),
    plan=(
        "Each rater's simulation is scored as a model's is: correlation with the true activations "
        "over all tokens; differences of conditions within neurons; agreement of raters; people "
        "compared with the simulators of the study's scores."
    ),
    deviations=f"Texts are cut after {TOKENS} tokens. Own wording.",
    offers=no_offers,
    items_per_rater=12,
    seconds=120.0,
    checks=(
        Check(
            question="A word has nothing to do with the description. What does it get?",
            options=("5", "10", "0"),
            right=2,
        ),
        Check(
            question="How many words of a text get a number above 0?",
            options=("About half", "Those to which the unit would respond; often few", "All"),
            right=1,
        ),
    ),
    practice=Example(
        material=Material(
            explanations=explanation_texts(RIGHT), records={"held_out": COLOURS[:TEXTS]}
        ),
        gold=lambda _keys: {"values": painted(COLOURS[:TEXTS], TOKENS), "correlation": 0.5},
        why="The words for colours (red, yellow and green) get high numbers, all others 0.",
    ),
    payload=payload,
)
