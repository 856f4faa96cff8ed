"""A model's predictions should not change when a neuron is set to its simulated activations.

Each record is read unchanged, with the neuron at its simulated values, and with it at its mean over
the capture. The score is 1 - E[JSD(simulated)] / E[JSD(mean)], over the next-token distributions
after every token: 1 where the simulation fully replaces the neuron, 0 where it is no better than
the mean, negative where it is worse. Known failures: a neuron that hardly matters gives a ratio of
two small numbers; where other neurons compensate for it, its simulation need not be good.

Source: Bills et al. (2023), "Language models can explain neurons in language models", ablation
scoring.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explanations.methods.base import Settings
from explanations.methods.requests import Dialogue, Intervene, Need, Replacement, send
from explanations.methods.values import Evidence, HeldOut, Scored, Unusable
from explanations.records import RecordKind
from explanations.scorers import intervals
from explanations.scorers.base import RestsOn, Scorer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Moved:
    """A record with the divergences of each variant: float64 [2, tokens], simulated and mean."""

    record: HeldOut
    divergences: NDArray[np.float64]


def score(evidence: Evidence, _settings: Settings) -> Dialogue[Scored | Unusable]:
    """Replace the neuron on every record that is simulated on all its tokens, and compare."""
    whole = [each for each in evidence.records if not each.left_out]
    reason = _cannot(evidence, whole)
    if reason:
        return Scored(value=None, n=0, reason=reason)
    records = sorted(whole, key=lambda each: each.record)
    mean = evidence.mean or 0.0
    replies = yield from send(
        Intervene(
            Replacement(tokens=each.actual.tokens, values=variants(each, evidence.maximum, mean))
            for each in records
        )
    )
    pairs = list(zip(records, replies, strict=True))
    moved = [
        _Moved(record=record, divergences=reply)
        for record, reply in pairs
        if not isinstance(reply, Unusable)
    ]
    failed = [reply for _, reply in pairs if isinstance(reply, Unusable)]
    if not moved:
        return Unusable(reason=f"no record could be run: {failed[0].reason}", raw=failed[0].raw)
    return _measured(moved, failed, evidence)


def _cannot(evidence: Evidence, whole: Sequence[HeldOut]) -> str:
    if not whole:
        return "no record was simulated" + (" on all its tokens" if evidence.records else "")
    if evidence.mean is None:
        return "the neuron's mean over its capture is not known"
    return "the neuron never fires" if evidence.maximum <= 0 else ""


def variants(record: HeldOut, maximum: float, mean: float) -> NDArray[np.float32]:
    """Return the raw values that the neuron is set to, simulated and mean: [2, tokens]."""
    if record.simulated is None:
        raise ValueError(f"record {record.record} is not simulated")
    simulated = record.simulated.activations * (maximum / 10)
    return np.stack([simulated, np.full_like(simulated, mean)]).astype(np.float32)


def ablation(simulated: Sequence[float], mean: Sequence[float]) -> float:
    """Return 1 - E[simulated] / E[mean] of two divergences a token; nan where nothing changes."""
    whole = float(np.sum(mean))
    return 1.0 - float(np.sum(simulated)) / whole if whole > 0 else float("nan")


def _pooled(moved: Sequence[_Moved]) -> float:
    both = np.concatenate([np.empty((2, 0)), *(each.divergences for each in moved)], axis=1)
    return ablation(both[0], both[1])


def _measured(moved: Sequence[_Moved], failed: Sequence[Unusable], evidence: Evidence) -> Scored:
    n = sum(each.divergences.shape[1] for each in moved)
    records = [each.record.record for each in moved]
    value = _pooled(moved)
    if np.isnan(value):
        reason = "setting the neuron to its mean changes nothing in the model's predictions"
        return Scored(value=None, n=n, reason=reason, records=tuple(records))
    without = [_pooled([*moved[:i], *moved[i + 1 :]]) for i in range(len(moved))]
    return intervals.with_interval(
        value,
        intervals.jackknife(value, without, intervals.EXPLAINED),
        n=n,
        records=records,
        details={
            "jsd_simulated": _means(moved, 0),
            "jsd_mean": _means(moved, 1),
            "failed": len(failed),
            "failures": dict(Counter(each.reason for each in failed)),
            "records_not_simulated": evidence.not_simulated,
        },
    )


def _means(moved: Sequence[_Moved], variant: int) -> dict[str, float]:
    """Return the mean divergence per token, in nats, of each kind of record that there is."""
    by_kind = {
        kind: [each.divergences[variant] for each in moved if each.record.kind == kind]
        for kind in RecordKind
    }
    return {
        kind.value: float(np.concatenate(parts).mean()) for kind, parts in by_kind.items() if parts
    }


SCORER = Scorer(
    name="ablation",
    version=1,
    rests_on=RestsOn.SIMULATION,
    run=score,
    needs=frozenset({Need.SUBJECT}),
)
