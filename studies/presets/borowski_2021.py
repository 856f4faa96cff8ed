"""A forced choice between an image that excites the unit and one that leaves it quiet."""

from annotation.entry import Check
from annotation.protocols.asks import Asks
from annotation.protocols.choose import ChoosePayload
from annotation.protocols.options import Option
from annotation.protocols.stimuli import Group
from explanations.records import Split
from studies.presets.base import Example, Excerpts, Material, Needs, Preset, first_is_right
from studies.presets.examples import shown_record
from studies.presets.trust import MISSES_CATCHES, one_place
from studies.presets.zimmermann_2021 import PLAN, SOURCE, catch, offers

REFERENCES = 9
"""Images on each side in the published studies."""


def payload(material: Material, options: tuple[Option, ...]) -> ChoosePayload:
    """Ask which of two images belongs to the strong examples, which stand on the right."""
    return ChoosePayload(
        groups=(
            Group(heading="The unit hardly responds", excerpts=material.stimuli("low")),
            Group(heading="The unit responds strongly", excerpts=material.stimuli("top")),
        ),
        question="Which of these two images also makes the unit respond strongly?",
        options=options,
        asks=Asks(confidence=True),
    )


PRESET = Preset(
    name="borowski-2021",
    title="Borowski and Zimmermann 2021: two-alternative choice of images",
    source=SOURCE,
    summary=(
        "From images that excite a unit and images that do not: which of two new images excites "
        "it? Three levels of confidence. For subjects with images."
    ),
    protocol="choose",
    needs=Needs(
        explanations_per_question="none",
        conditions=0,
        images=True,
        excerpts=(
            Excerpts(name="top", choice="top"),
            Excerpts(name="low", choice="lowest"),
            Excerpts(name="strong", choice="top", n=1, split=Split.SCORE),
            Excerpts(name="weak", choice="lowest", n=1, split=Split.SCORE),
        ),
    ),
    task=(
        "You will see images that a unit of a vision model responds to and others that it does "
        "not, and say which of two new images it responds to."
    ),
    instructions=(
        "Each page shows images to which one unit of a vision model hardly responds, and images to "
        "which it responds strongly.\n\nBelow them are two new images. Choose the one to which the "
        "unit responds strongly too, and say how sure you are. Any image can be enlarged. Some "
        "questions are easy: they are there to see that the page is looked at."
    ),
    plan=PLAN,
    deviations=(
        "One question for each unit, about the natural images that were imported; no synthetic "
        "feature visualisations beside them. Choice and confidence are two answers, where the "
        "studies took them with one click. Own wording."
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
        Check(
            question="You cannot see which of the two new images it is. What do you do?",
            options=(
                "Choose the likelier one, and say that you are guessing",
                "Choose the brighter one",
                "Close the page",
            ),
            right=0,
        ),
    ),
    practice=Example(
        material=Material(
            records={
                "low": (
                    shown_record("a plain grey wall"),
                    shown_record("a cloudless sky"),
                    shown_record("a green apple"),
                ),
                "top": (
                    shown_record("a zebra"),
                    shown_record("a striped shirt"),
                    shown_record("a barcode"),
                ),
                "strong": (shown_record("the bars of a cage"),),
                "weak": (shown_record("a white plate"),),
            }
        ),
        gold=first_is_right,
        why=(
            "All that it responds to has stripes, and so have the bars of a cage. Here the images "
            "were told in words; from now on you see them."
        ),
    ),
    own_rules=(MISSES_CATCHES, one_place(2)),
    offers=offers,
    payload=payload,
)
