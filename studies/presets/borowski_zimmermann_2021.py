"""A forced choice between a text or image that excites the unit and one that does not."""

from annotation.entry import Check
from annotation.protocols.asks import Asks
from annotation.protocols.choose import ChoosePayload
from annotation.protocols.options import Option
from annotation.protocols.stimuli import Group
from explanations.records import Split
from studies.presets.base import (
    Choice,
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
from studies.presets.trust import MISSED_CATCHES, STRONG_MARK, position_bias

SOURCE = (
    "Borowski et al. (2021), Exemplary Natural Images Explain CNN Activations Better than "
    "State-of-the-Art Feature Visualization; Zimmermann et al. (2021), How Well do Feature "
    "Visualizations Support Causal Understanding of CNN Activations?"
)
PLAN = (
    "Share of correct choices against one half, by neuron and confidence, with two-way clustered "
    "intervals; raters who fail catch trials by the rule set in advance are excluded and counted, "
    "and results are given with and without them."
)
REFERENCES = 9
"""Images on each side in the published studies."""
STRONG, WEAK = "The unit responds strongly", "The unit hardly responds"


def needs(weak: Choice, *, images: bool) -> Needs:
    """Return examples of both kinds, and a held-out record of each to choose from."""
    return Needs(
        explanations_per_question="none",
        conditions=0,
        images=images,
        excerpts=(
            Excerpts(name="top", choice="top"),
            Excerpts(name="low", choice=weak),
            Excerpts(name="strong", choice="top", n=1, split=Split.SCORE),
            Excerpts(name="weak", choice=weak, n=1, split=Split.SCORE),
        ),
    )


def offers(material: Material) -> tuple[Offer, ...]:
    """Return a held-out record that excites the unit, and one that does not."""
    return _two(material.records["strong"][0], material.records["weak"][0])


def catch(material: Material) -> tuple[Offer, ...]:
    """Return one of the examples, and a record that does not excite the unit."""
    return _two(material.records["top"][0], material.records["weak"][0])


def _two(strong: ShownRecord, weak: ShownRecord) -> tuple[Offer, ...]:
    return tuple(Offer(shown=each.stimulus, record=each.record) for each in (strong, weak))


def text_payload(material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Ask which of two texts belongs to the strong examples."""
    return ChoosePayload(
        groups=(
            Group(heading=STRONG, excerpts=material.excerpts("top")),
            Group(heading=WEAK, excerpts=material.excerpts("low")),
        ),
        question="Which of these two texts makes the unit respond strongly?",
        options=options,
        asks=Asks(confidence=True),
    )


def image_payload(material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Ask which of two images belongs to the strong examples, which are on the right."""
    return ChoosePayload(
        groups=(
            Group(heading=WEAK, excerpts=material.stimuli("low")),
            Group(heading=STRONG, excerpts=material.stimuli("top")),
        ),
        question="Which of these two images also makes the unit respond strongly?",
        options=options,
        asks=Asks(confidence=True),
    )


def _unsure(things: str, wrong: str) -> Check:
    return Check(
        question=f"You can't tell which of the two new {things} it is. What do you do?",
        options=(
            "Choose the more likely one, and say that you are guessing",
            wrong,
            "Close the page",
        ),
        right=0,
    )


TEXTS = Preset(
    name="zimmermann-2021",
    title="Borowski and Zimmermann 2021: two-alternative choice",
    source=SOURCE,
    summary="From examples: which of two new texts excites the unit? Three levels of confidence.",
    protocol="choose",
    needs=needs("quiet", images=False),
    task=(
        "You will see texts to which a unit of a language model responds and others to which it "
        "does not, and say to which of two new texts it responds."
    ),
    instructions=(
        "Each page shows texts to which one unit of a language model responds strongly, with marks "
        "where it does, and texts to which it hardly responds.\n\nBelow them are two new texts. "
        "Choose the one to which the unit responds strongly, and say how confident you are. Some "
        "questions are easy: they check that you are reading the page."
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
    checks=(STRONG_MARK, _unsure("texts", "Choose the longer one")),
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
            "In the first texts, words for colours are marked, and “turquoise” is one. The text "
            "about the shop has none."
        ),
    ),
    own_rules=(MISSED_CATCHES, position_bias(2)),
    offers=offers,
    payload=text_payload,
)
IMAGES = Preset(
    name="borowski-2021",
    title="Borowski and Zimmermann 2021: two-alternative choice of images",
    source=SOURCE,
    summary=(
        "From images that excite a unit and images that do not: which of two new images excites "
        "it? Three levels of confidence. For subjects with images."
    ),
    protocol="choose",
    needs=needs("lowest", images=True),
    task=(
        "You will see images to which a unit of a vision model responds and others to which it "
        "does not, and say to which of two new images it responds."
    ),
    instructions=(
        "Each page shows images to which one unit of a vision model hardly responds, and images to "
        "which it responds strongly.\n\nBelow them are two new images. Choose the one to which the "
        "unit also responds strongly, and say how confident you are. You can enlarge any image. "
        "Some questions are easy: they check that you are looking at the page."
    ),
    plan=PLAN,
    deviations=(
        "One question per unit, about the natural images that were imported, without synthetic "
        "feature visualisations. Choice and confidence are two answers, where the studies "
        "recorded them with one click. Own wording."
    ),
    known=first_is_right,
    catch=catch,
    overlap=5,
    items_per_rater=30,
    excerpts=REFERENCES,
    catches=10,
    seconds=20.0,
    checks=(
        Check(
            question="Which of the two new images do you choose?",
            options=(
                "The more beautiful one",
                "The one that is more like the images to which the unit responds strongly",
                "The one that is more like the images to which the unit hardly responds",
            ),
            right=1,
        ),
        _unsure("images", "Choose the brighter one"),
    ),
    practice=Example(
        material=Material(
            records={
                "low": tuple(
                    map(shown_record, ("a plain grey wall", "a clear sky", "a green apple"))
                ),
                "top": tuple(map(shown_record, ("a zebra", "a striped shirt", "a barcode"))),
                "strong": (shown_record("the bars of a cage"),),
                "weak": (shown_record("a white plate"),),
            }
        ),
        gold=first_is_right,
        why=(
            "Everything it responds to has stripes, and so do the bars of a cage. These images "
            "were described in words; the real questions show images."
        ),
    ),
    own_rules=(MISSED_CATCHES, position_bias(2)),
    offers=offers,
    payload=image_payload,
)
