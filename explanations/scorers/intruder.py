"""A language model finds the one excerpt of five on which the neuron does not fire.

The score is the share of questions that it answers rightly; one in five is chance. Every record is
in one question only, so the questions are independent. With `show_explanation` false the
explanation is left out, as in the published scheme: the score is then about the neuron, how much
its excerpts have in common, and the same for every explanation. Known failure: there are few
questions, a quarter of the firing records at most. Sources: Chang et al. (2009), "Reading tea
leaves"; Paulo & Belrose (2025), "Evaluating SAE interpretability without explanations".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from explanations.methods.base import Settings
from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Evidence, Scored, Unusable
from explanations.records import seeded_hash
from explanations.scorers.activating import FiringAndSilent, firing_and_silent, one_line
from explanations.scorers.base import RestsOn, Scorer
from explanations.scorers.multiple_choice import Question, Task, ask_questions, numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class IntruderSettings(Settings):
    """How many questions are asked, and whether they show the explanation."""

    questions: int = 10
    show_explanation: bool = True
    max_tokens: int = 200
    seed: int = 0


FIRING = 4
"""Excerpts of a question on which the neuron fires."""

SYSTEM = (
    f"You are given {FIRING + 1} excerpts of text. One neuron of a language model fires somewhere "
    f"in {FIRING} of them and stays silent on one. Find the one on which it stays silent. Answer "
    "with its number and nothing else."
)
# Made-up neurons: what each responds to, five excerpts, the number of the intruder.
EXAMPLES = (
    (
        "kitchen tools that are sharp",
        (
            "he wiped the cleaver and hung it back on its hook",
            "you peel them first, and a small paring knife will do",
            "the bus was late again, so nobody sat down to eat",
            "two knives and a pair of shears lay in the drawer",
            "the grater took some skin off her thumb",
        ),
        "3",
    ),
    (
        "words after a number",
        (
            "all my friends came late and left soon",
            "it took 30 minutes to dry",
            "about 5 people stayed until the end",
            "he owes me 200 francs, he says",
            "she lives 12 doors down the road",
        ),
        "1",
    ),
)


def score(evidence: Evidence, settings: IntruderSettings) -> Dialogue[Scored | Unusable]:
    """Ask up to `questions` questions, one a prompt."""
    if settings.questions < 1:
        raise ValueError(f"at least one question, not {settings.questions}")
    records = firing_and_silent(evidence, settings.seed)
    if records.missing:
        return Scored(value=None, n=0, reason=records.missing)
    explanation = evidence.explanation if settings.show_explanation else ""
    questions = _questions(records, explanation, settings)
    if not questions:
        reason = f"it takes {FIRING} records that fire, and there are {len(records.firing)}"
        return Scored(value=None, n=0, reason=reason)
    task = Task(
        system=SYSTEM,
        examples=tuple(
            (_text(about if explanation else "", texts), right) for about, texts, right in EXAMPLES
        ),
        labels=tuple(str(number) for number in range(1, FIRING + 2)),
    )
    return (yield from ask_questions(task, questions, max_tokens=settings.max_tokens))


def _questions(
    records: FiringAndSilent, explanation: str, settings: IntruderSettings
) -> list[Question]:
    questions = []
    firing, silent = records.firing, records.silent
    for number in range(min(len(firing) // FIRING, len(silent), settings.questions)):
        excerpts = list(firing[FIRING * number : FIRING * (number + 1)])
        text = silent[number].actual.text
        position = seeded_hash(settings.seed, "place", text) % (FIRING + 1)
        excerpts.insert(position, silent[number])
        questions.append(
            Question(
                text=_text(explanation, [one_line(each.actual.text) for each in excerpts]),
                right=str(position + 1),
                records=tuple(each.record for each in excerpts),
            )
        )
    return questions


def _text(explanation: str, texts: Sequence[str]) -> str:
    about = f"The neuron responds to: {explanation}\n\n" if explanation else ""
    return f"{about}The excerpts:\n{numbered(texts)}"


SCORER = Scorer(
    name="intruder",
    version=2,
    rests_on=RestsOn.EXPLANATION,
    run=score,
    settings=IntruderSettings,
    needs=frozenset({Need.MODEL}),
)
