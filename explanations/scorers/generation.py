"""How often a neuron fires on sentences that were written to fit its explanation.

The sentences are those that a language model wrote for `revision`, that were run through the
subject and that the reviser did not see. A sentence fires where an activation reaches 1 of 10.
Known failure: sentences from before the last revision were written to fit an earlier text, so a
revision that improved much scores lower than it should; and a broad explanation yields typical
sentences, which fire, whatever else it wrongly covers. Source of the scheme: Bills et al. (2023),
"Language models can explain neurons in language models", section on revising; Paulo et al. (2024)
call it generation scoring.
"""

from explanations.methods.base import Settings
from explanations.methods.requests import as_dialogue
from explanations.methods.values import Evidence, Scored
from explanations.records import to_zero_to_ten
from explanations.scorers.base import RestsOn, Scorer
from explanations.scorers.intervals import wilson, with_interval


def score(evidence: Evidence, _settings: Settings) -> Scored:
    """Return the share of kept sentences on which the neuron fires, with Wilson's interval."""
    if not evidence.sentences:
        reason = "no sentences were kept for it: only `revision` keeps some"
        return Scored(value=None, n=0, reason=reason)
    if evidence.maximum <= 0:
        return Scored(value=None, n=0, reason="the neuron never fires")
    levels = [
        int(to_zero_to_ten(sentence.activations, evidence.maximum).max(initial=0))
        for sentence in evidence.sentences
    ]
    fired, n = sum(level > 0 for level in levels), len(levels)
    return with_interval(
        fired / n, wilson(fired, n), n=n, records=[], details={"fired": fired, "levels": levels}
    )


SCORER = Scorer(name="generation", version=1, rests_on=RestsOn.EXPLANATION, run=as_dialogue(score))
