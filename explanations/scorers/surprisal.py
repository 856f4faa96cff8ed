"""An explanation should make excerpts on which the neuron fires less surprising than silent ones.

What an explanation tells about a text is how much likelier, in log probability, a language model
finds the text after it than after an explanation that says nothing. The score is the chance that it
tells more about a firing excerpt than about a silent one: .5 says nothing. Its known failures: the
neuron's few tokens drown in a long excerpt, and a chat model's own text is not what it was trained
to foresee. Source of the scheme: Paulo et al. (2024), "Automatically interpreting millions of
features in large language models".
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

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
from explanations.scorers.activating import Sides, one_line, separated, sides
from explanations.scorers.base import Config, RestsOn, Scorer

DEFAULTS: dict[str, Any] = {"examples": 20, "nothing": "various things", "seed": 0}
CANNOT = "the language model does not give log probabilities of a given text"


def score(evidence: Evidence, config: Config, seed: int) -> Dialogue[Scored | Unusable]:
    """Weigh up to `examples` excerpts of each side, with the explanation and with `nothing`."""
    settings = {**DEFAULTS, **config}
    both = sides(evidence, seed).most(settings["examples"])
    if both.missing:
        return Scored(value=None, n=0, reason=both.missing)
    if not (yield from send(GetCapabilities())).log_likelihoods:
        return Scored(value=None, n=0, reason=CANNOT)
    records = (*both.firing, *both.silent)
    said = evidence.explanation.strip()
    weighed = yield from send(
        ComputeLogLikelihoods((*_given(records, said), *_given(records, str(settings["nothing"]))))
    )
    return _measured(both, weighed[: len(records)], weighed[len(records) :])


def _given(records: Sequence[HeldOut], said: str) -> list[Conditional]:
    prefix = f"Here is a passage of text that has to do with {said}.\n\n"
    return [Conditional(prefix=prefix, text=one_line(each.actual.text)) for each in records]


def _measured(
    both: Sides,
    after: Sequence[LogLikelihood | Unusable],
    before: Sequence[LogLikelihood | Unusable],
) -> Scored | Unusable:
    """Part the sides by what the explanation tells; failures are left out and counted."""
    told: dict[int, float] = {}
    per_token: dict[int, float] = {}
    failed: list[Unusable] = []
    for each, with_it, without in zip((*both.firing, *both.silent), after, before, strict=True):
        if isinstance(with_it, Unusable) or isinstance(without, Unusable):
            failed += [one for one in (with_it, without) if isinstance(one, Unusable)][:1]
            continue
        told[each.record] = with_it.logprob - without.logprob
        per_token[each.record] = told[each.record] / max(1, with_it.tokens)
    left = both.only(told)
    if left.missing:
        return Unusable(reason=f"too few texts were weighed: {failed[0].reason}", raw=failed[0].raw)
    means = {
        f"nats_per_token_{name}": float(np.mean([per_token[each.record] for each in few]))
        for name, few in (("firing", left.firing), ("silent", left.silent))
    }
    return separated(told, left, {**means, "failed": len(failed)})


SCORER = Scorer(
    name="surprisal",
    version=1,
    rests_on=RestsOn.EXPLANATION,
    score=score,
    needs=frozenset({Need.MODEL}),
    default_config=DEFAULTS,
)
