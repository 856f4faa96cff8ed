"""A forced choice between a text that excites the unit and one that leaves it quiet."""

from annotation.entry import Check
from annotation.protocols.asks import Asks
from annotation.protocols.choose import ChoosePayload
from annotation.protocols.options import Option
from annotation.protocols.stimuli import Group
from explanations.records import Split
from studies.presets.base import (
    Example,
    Excerpts,
    Material,
    Needs,
    Offer,
    Preset,
    ShownRecord,
    first_is_right,
)
from studies.presets.examples import COLOURS, OTHERS, shown_record
from studies.presets.trust import MISSES_CATCHES, STRONG_MARK, one_place

SOURCE = (
    "Borowski et al. (2021), Exemplary Natural Images Explain CNN Activations Better than "
    "State-of-the-Art Feature Visualization; Zimmermann et al. (2021), How Well do Feature "
    "Visualizations Support Causal Understanding of CNN Activations?"
)
PLAN = (
    "Share of right choices against one half, by neuron and confidence, with two-way clustered "
    "intervals; raters who fail catch trials by the rule set in advance are left out and "
    "counted, and results given with and without them."
)


def offers(material: Material) -> tuple[Offer, ...]:
    """Return a held-out text or image that excites the unit, and one that leaves it quiet."""
    return _two(material.records["strong"][0], material.records["weak"][0])


def catch(material: Material) -> tuple[Offer, ...]:
    """Return one that stands among the examples, and one that leaves the unit quiet."""
    return _two(material.records["top"][0], material.records["weak"][0])


def _two(strong: ShownRecord, weak: ShownRecord) -> tuple[Offer, ...]:
    return tuple(Offer(shown=each.stimulus, record=each.record) for each in (strong, weak))


def payload(material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Ask which of two texts belongs to the strong examples."""
    return ChoosePayload(
        groups=(
            Group(heading="The unit responds strongly", excerpts=material.excerpts("top")),
            Group(heading="The unit hardly responds", excerpts=material.excerpts("low")),
        ),
        question="Which of these two texts makes the unit respond strongly?",
        options=options,
        asks=Asks(confidence=True),
    )


PRESET = Preset(
    name="zimmermann-2021",
    title="Borowski and Zimmermann 2021: two-alternative choice",
    source=SOURCE,
    summary="From examples: which of two new texts excites the unit? Three levels of confidence.",
    protocol="choose",
    needs=Needs(
        explanations_per_question="none",
        conditions=0,
        excerpts=(
            Excerpts(name="top", choice="top"),
            Excerpts(name="low", choice="quiet"),
            Excerpts(name="strong", choice="top", n=1, split=Split.SCORE),
            Excerpts(name="weak", choice="quiet", n=1, split=Split.SCORE),
        ),
    ),
    task=(
        "You will see texts that a unit of a language model responds to and others that it does "
        "not, and say which of two new texts it responds to."
    ),
    instructions=(
        "Each page shows texts to which one unit of a language model responds strongly, marked "
        "where it does, and texts to which it hardly responds.\n\nBelow them are two new texts. "
        "Choose the one to which the unit responds strongly, and say how sure you are. Some are "
        "easy: they are there to see that the page is read."
    ),
    plan=PLAN,
    deviations="Texts instead of images, so the new ones are shown without marks. Own wording.",
    known=first_is_right,
    catch=catch,
    overlap=5,
    items_per_rater=30,
    excerpts=4,
    catches=10,
    seconds=25.0,
    checks=(
        STRONG_MARK,
        Check(
            question="You cannot see which of the two new texts it is. What do you do?",
            options=(
                "Choose the likelier one, and say that you are guessing",
                "Choose the longer one",
                "Close the page",
            ),
            right=0,
        ),
    ),
    practice=Example(
        material=Material(
            records={
                "top": COLOURS[:4],
                "low": OTHERS[:4],
                "strong": (shown_record("The lake was ^turquoise under the snow."),),
                "weak": (shown_record("The shop opens at nine on weekdays."),),
            }
        ),
        gold=first_is_right,
        why=(
            "In the first texts words for colours are marked, and “turquoise” is one. The text on "
            "the shop has none."
        ),
    ),
    own_rules=(MISSES_CATCHES, one_place(2)),
    offers=offers,
    payload=payload,
)
