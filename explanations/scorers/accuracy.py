"""Scores that are shares of rightly chosen answers, against chance."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence

import scipy

from explanations.methods.values import Scored, Unusable
from explanations.scorers.intervals import wilson, with_interval


def share_right(
    said: Sequence[Hashable | Unusable],
    right: Sequence[Hashable],
    *,
    chance: float,
    records: Sequence[Sequence[int]],
    failed: Sequence[Unusable] = (),
    details: Mapping[str, object] | None = None,
) -> Scored | Unusable:
    """Return the share of answers that are right; `records` are those of each question.

    Answers that could not be used are left out and counted, with what `failed` before them;
    `Unusable` where none is left.
    """
    known = list(zip(said, right, records, strict=True))
    answered = [each for each in known if not isinstance(each[0], Unusable)]
    unread = [each for each in said if isinstance(each, Unusable)]
    if not answered:
        return Unusable(reason=f"no answer could be used: {unread[0].reason}", raw=unread[0].raw)
    hits, n = sum(one == other for one, other, _ in answered), len(answered)
    failures = [*failed, *unread]
    return with_interval(
        hits / n,
        wilson(hits, n),
        n=n,
        records=[record for _, _, few in answered for record in few],
        details={
            "right": hits,
            "chance": chance,
            "p": float(scipy.stats.binomtest(hits, n, chance, alternative="greater").pvalue),
            "failed": len(failures),
            "failures": dict(Counter(each.reason for each in failures)),
            **(details or {}),
        },
    )
