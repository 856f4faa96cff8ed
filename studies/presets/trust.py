"""Quality rules of the designs with their reasons, and comprehension questions. Pure.

A rule pauses raters only if attentive raters hardly ever break it. If no answer is right, being in
the minority is not an error: no design requires raters to agree with others.
"""

from dataclasses import dataclass

from annotation.entry import Check
from annotation.quality import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class JustifiedRule:
    """A quality rule, and the reason for its default limit."""

    rule: Rule
    reason: str


def too_fast(pace: float) -> JustifiedRule:
    """Return the rule on fast answers if a question takes `pace` seconds."""
    return JustifiedRule(
        rule=Rule(name="too_fast", limit=0.3, after=10, seconds=min(10.0, max(2.0, pace / 10))),
        reason=(
            "A tenth of the usual time, ten seconds at most, is the normative threshold of Wise "
            "and Ma (2012) for rapid guessing; nobody reads a question in less than two (Huang et "
            "al. 2012). Three in ten leaves room for easy questions."
        ),
    )


def position_bias(options: int, *, pauses: bool = True) -> JustifiedRule:
    """Return the rule on always choosing the same of that many positions, which are random."""
    limit = 0.9 if options == 2 else 0.75
    tie = "" if pauses else " A tie counts as a position and may be meant, so nobody is paused."
    return JustifiedRule(
        rule=Rule(name="same_side", limit=limit, after=20, pauses=pauses),
        reason=(
            "The positions of options are random for each question: fewer than one in a thousand "
            f"raters who choose by content break this rule.{tie}"
        ),
    )


MISSED_CATCHES = JustifiedRule(
    rule=Rule(name="catch_trials", limit=0.6, after=3),
    reason=(
        "A catch trial has an obvious answer; attentive raters miss one in twenty. They may miss "
        "one of three: fewer than one in a hundred attentive raters miss two, but half of those "
        "who guess do."
    ),
)
EQUAL_RATINGS = JustifiedRule(
    rule=Rule(name="straight_lining", limit=0.9, after=8, pauses=False),
    reason=(
        "Descriptions can be equally bad, so one page of equal ratings means nothing, but nearly "
        "all pages do. Such raters are excluded from the analysis, and nobody is paused."
    ),
)
OPTIONAL = (
    JustifiedRule(
        rule=Rule(name="self_consistency", limit=0.3, after=6, pauses=False),
        reason="Only for studies with repeats; near chance for a choice of two and a tie.",
    ),
    JustifiedRule(
        rule=Rule(name="agreement_with_others", limit=0.25, after=20, pauses=False),
        reason="If no answer is right, being in the minority is not an error.",
    ),
)
"""Rules that no design sets, for researchers who want them."""

# --- Comprehension questions ----------------------------------------------------------------------

STRONG_MARK = Check(
    question="A word is strongly marked. What does that mean?",
    options=(
        "Somebody found the word important",
        "The unit responded strongly to it",
        "The word is misspelled",
    ),
    right=1,
)
COVERS = Check(
    question="Which description of a unit is better?",
    options=(
        "One that covers what is marked, and nothing that is unmarked",
        "One that is long and sounds expert",
        "One that says what the texts are about, marked or not",
    ),
    right=0,
)
EQUAL = Check(
    question="Both descriptions fit equally well. What do you choose?",
    options=("The one on the left", "The longer one", "That both fit equally well"),
    right=2,
)
NO_HINT = Check(
    question="What does the order of the descriptions on the page tell you?",
    options=("Nothing", "That the first is better", "Who wrote them"),
    right=0,
)
