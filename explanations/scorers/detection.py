"""A language model says which excerpts make a neuron fire, knowing only its explanation.

Excerpts on which the neuron fires are mixed with some on which it is silent. Known failure: a broad
explanation fits every text of the right topic, so the score says little about single tokens; see
`fuzzing`. Source of the scheme: Paulo et al. (2024), "Automatically interpreting millions of
features in large language models".
"""

from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Evidence, Scored, Unusable
from explanations.scorers.activating import firing_and_silent, one_line
from explanations.scorers.base import RestsOn, Scorer
from explanations.scorers.classifier import (
    CHOICES,
    ClassifierSettings,
    Example,
    Shot,
    Task,
    classify,
    shuffled,
)

TASK = Task(
    system="You are given an explanation of what one neuron of a language model responds to, and "
    "excerpts of text. For each excerpt, say whether the neuron fires somewhere in it.",
    shots=(
        Shot(
            explanation="kitchen tools that are sharp",
            excerpts=(
                ("he wiped the cleaver and hung it back on its hook by the", True),
                ("the bus was late again, so nobody sat down to eat before", False),
                ("a dull pan of soup stood on the stove while she slept", False),
                ("you peel them first, and a small paring knife will do", True),
            ),
        ),
        Shot(
            explanation="the end of a question",
            excerpts=(
                ("was that your brother? He waved as if he knew us", True),
                ("I asked him to stay, and he went home all the same.", False),
            ),
        ),
    ),
)


def score(evidence: Evidence, settings: ClassifierSettings) -> Dialogue[Scored | Unusable]:
    """Classify up to `examples` excerpts of each kind, in an order that the seed drew."""
    both = firing_and_silent(evidence, settings.seed).most(settings.examples)
    if both.missing:
        return Scored(value=None, n=0, reason=both.missing)
    examples = [
        Example(record=each.record, text=one_line(each.actual.text), fits=fits)
        for fits, few in ((True, both.firing), (False, both.silent))
        for each in few
    ]
    examples = shuffled(examples, settings.seed)
    return (yield from classify(TASK, evidence.explanation, examples, settings))


SCORER = Scorer(
    name="detection",
    version=2,
    rests_on=RestsOn.EXPLANATION,
    run=score,
    settings=ClassifierSettings,
    needs=frozenset({Need.MODEL}),
    choices=CHOICES,
)
