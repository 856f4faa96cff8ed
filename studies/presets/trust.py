"""Which raters a design trusts: rules with their reasons, and questions on its instructions. Pure.

A rule that pauses is one that somebody who looks at the page hardly ever breaks. Where no answer is
right, being in the minority is no error: no design holds raters to agreeing with others.
"""

from dataclasses import dataclass

from annotation.entry import Check
from annotation.quality import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class JustifiedRule:
    """A rule on raters, and why it is set as it is."""

    rule: Rule
    reason: str


def quick(pace: float) -> JustifiedRule:
    """Return the rule on answers that come too fast where a question takes `pace` seconds."""
    return JustifiedRule(
        rule=Rule(name="too_fast", limit=0.3, after=10, seconds=min(10.0, max(2.0, pace / 10))),
        reason=(
            "A tenth of the time that a question takes, ten seconds at most, is the normative "
            "threshold of Wise and Ma (2012) for rapid guessing; nobody reads a question in under "
            "two (Huang et al. 2012). Three in ten leaves room for questions that are plain."
        ),
    )


def one_place(options: int, *, pauses: bool = True) -> JustifiedRule:
    """Return the rule on choosing one place of so many, which change from question to question."""
    limit = 0.9 if options == 2 else 0.75
    tie = "" if pauses else " A tie is a place too and may be meant, so that nobody is paused."
    return JustifiedRule(
        rule=Rule(name="same_side", limit=limit, after=20, pauses=pauses),
        reason=(
            "Which option stands where is drawn anew for each question: fewer than one in a "
            f"thousand of those who choose by what is said break it.{tie}"
        ),
    )


MISSES_CATCHES = JustifiedRule(
    rule=Rule(name="catch_trials", limit=0.6, after=3),
    reason=(
        "A catch trial shows its answer; who looks misses one in twenty. Of three, one may be "
        "missed: two are missed by fewer than one in a hundred who look, and by half who guess."
    ),
)
RATES_ALIKE = JustifiedRule(
    rule=Rule(name="straight_lining", limit=0.9, after=8, pauses=False),
    reason=(
        "Descriptions can be equally bad, so one page of equal ratings says nothing; nearly all "
        "pages do. It is marked and told, and pauses nobody."
    ),
)
UNSET = (
    JustifiedRule(
        rule=Rule(name="self_consistency", limit=0.3, after=6, pauses=False),
        reason="Counts only in a study with repeats; near chance for a choice of two and a tie.",
    ),
    JustifiedRule(
        rule=Rule(name="agreement_with_others", limit=0.25, after=20, pauses=False),
        reason="Where no answer is right, to be in the minority is no error.",
    ),
)
"""Rules that no design sets, for a researcher who wants them."""

# --- Questions on the instructions ----------------------------------------------------------------

STRONG_MARK = Check(
    question="A word is marked strongly. What does that mean?",
    options=(
        "Somebody found the word important",
        "The unit responded strongly to it",
        "The word is spelled wrongly",
    ),
    right=1,
)
COVERS = Check(
    question="Which description of a unit is the better one?",
    options=(
        "One that covers what is marked, and nothing that stays unmarked",
        "One that is long and sounds learned",
        "One that says what the texts are about, marked or not",
    ),
    right=0,
)
EQUAL = Check(
    question="Both descriptions fit equally well. What do you choose?",
    options=("The one on the left", "Whichever is longer", "The tie"),
    right=2,
)
NO_HINT = Check(
    question="What does the order of the descriptions on the page tell you?",
    options=("Nothing", "The first is the better one", "Who wrote them"),
    right=0,
)
