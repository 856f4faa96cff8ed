"""An explanation should make excerpts on which the neuron fires less surprising than silent ones.

The information of an explanation about a text is how much likelier, in log probability, a language
model finds the text after it than after an explanation that says nothing. The score is the chance
that it is higher for a firing excerpt than for a silent one: .5 is chance. Known failures: a few
tokens that fire hardly count in a long excerpt, and a chat model was not trained to predict plain
text. Source of the scheme: Paulo et al. (2024), "Automatically interpreting millions of features in
large language models".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explanations.methods.base import Settings
from explanations.methods.requests import (
    ComputeLogLikelihoods,
    Conditional,
    Dialogue,
    GetCapabilities,
    LogLikelihood,
    Need,
    send,
)
from explanations.methods.values import Evidence, HeldOut, Scored, Unusable
from explanations.scorers.activating import (
    FiringAndSilent,
    auc_score,
    firing_and_silent,
    one_line,
)
from explanations.scorers.base import RestsOn, Scorer

CANNOT = "the language model does not give log probabilities of a given text"

Outcomes = Sequence[LogLikelihood | Unusable]


@dataclass(frozen=True, slots=True, kw_only=True)
class SurprisalSettings(Settings):
    """How many excerpts of each kind are read, and the explanation that says nothing."""

    examples: int = 20
    nothing: str = "various things"
    seed: int = 0


def score(evidence: Evidence, settings: SurprisalSettings) -> Dialogue[Scored | Unusable]:
    """Read up to `examples` excerpts of each kind, after the explanation and after `nothing`."""
    both = firing_and_silent(evidence, settings.seed).most(settings.examples)
    if both.missing:
        return Scored(value=None, n=0, reason=both.missing)
    if not (yield from send(GetCapabilities())).log_likelihoods:
        return Scored(value=None, n=0, reason=CANNOT)
    records = (*both.firing, *both.silent)
    explanations = (evidence.explanation.strip(), settings.nothing)
    found = yield from send(
        ComputeLogLikelihoods(_conditional(each, text) for text in explanations for each in records)
    )
    return _measured(both, found[: len(records)], found[len(records) :])


def _conditional(record: HeldOut, explanation: str) -> Conditional:
    prefix = f"Here is a passage of text that has to do with {explanation}.\n\n"
    return Conditional(prefix=prefix, text=one_line(record.actual.text))


def _measured(both: FiringAndSilent, after: Outcomes, before: Outcomes) -> Scored | Unusable:
    """Return the score of the gains in log probability; failures are left out and counted."""
    gains: dict[int, float] = {}
    per_token: dict[int, float] = {}
    failed: list[Unusable] = []
    for each, with_it, without in zip((*both.firing, *both.silent), after, before, strict=True):
        if isinstance(with_it, Unusable) or isinstance(without, Unusable):
            failed += [one for one in (with_it, without) if isinstance(one, Unusable)][:1]
            continue
        gains[each.record] = with_it.logprob - without.logprob
        per_token[each.record] = gains[each.record] / max(1, with_it.tokens)
    left = both.only(gains)
    if left.missing:
        return Unusable(reason=f"too few texts were read: {failed[0].reason}", raw=failed[0].raw)
    means = {
        f"nats_per_token_{name}": float(np.mean([per_token[each.record] for each in few]))
        for name, few in (("firing", left.firing), ("silent", left.silent))
    }
    return auc_score(gains, left, {**means, "failed": len(failed)})


SCORER = Scorer(
    name="surprisal",
    version=1,
    rests_on=RestsOn.EXPLANATION,
    run=score,
    settings=SurprisalSettings,
    needs=frozenset({Need.MODEL}),
)
