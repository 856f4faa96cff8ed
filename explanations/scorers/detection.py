"""A language model says which excerpts make a neuron fire, knowing its explanation alone.

Excerpts on which the neuron fires are mixed with some on which it is silent. Its known failure: a
broad explanation fits every text of the right topic, so it says little about single tokens; see
`fuzzing`. Source of the scheme: Paulo et al. (2024), "Automatically interpreting millions of
features in large language models".
"""

from explanations.methods.requests import Dialogue, Need
from explanations.methods.values import Evidence, Scored, Unusable
from explanations.scorers.activating import one_line, sides
from explanations.scorers.base import Config, RestsOn, Scorer
from explanations.scorers.classifier import (
    CHOICES,
    DEFAULTS,
    Example,
    Shot,
    Task,
    judged,
    settled,
    shuffled,
)

TASK = Task(
    system="You are told what one neuron of a language model responds to, and given excerpts of "
    "text. Say of each excerpt whether the neuron fires somewhere in it.",
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


def score(evidence: Evidence, config: Config, seed: int) -> Dialogue[Scored | Unusable]:
    """Judge up to `examples` excerpts of each side, in an order that the seed drew."""
    both = sides(evidence, seed).most(settled(config)["examples"])
    if both.missing:
        return Scored(value=None, n=0, reason=both.missing)
    examples = [
        Example(record=each.record, text=one_line(each.actual.text), fits=fits)
        for fits, few in ((True, both.firing), (False, both.silent))
        for each in few
    ]
    return (yield from judged(TASK, evidence.explanation, shuffled(examples, seed), config))


SCORER = Scorer(
    name="detection",
    version=1,
    rests_on=RestsOn.EXPLANATION,
    score=score,
    needs=frozenset({Need.MODEL}),
    default_config=DEFAULTS,
    choices=CHOICES,
)
