"""Which judgments a plan's rules exclude."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import Array, Codes, codes

Marks = npt.NDArray[np.bool_]


class Timed(Protocol):
    """Judgments of any form, as far as rules look at them."""

    @property
    def seconds(self) -> Array:
        """How long each took."""
        ...

    @property
    def rater(self) -> Codes:
        """Who gave each."""
        ...


def excluded(judged: Timed, plan: Plan) -> dict[str, Marks]:
    """Mark, for each of the plan's rules in order, the judgments that it takes out.

    No rule looks at what was answered: nobody is excluded for disagreeing.
    """
    rules: dict[str, Marks] = {}
    quick = judged.seconds < plan.min_seconds
    if plan.min_seconds:
        rules[f"given in less than {plan.min_seconds:g} s"] = quick
    if plan.min_judgments:
        rater: npt.NDArray[Any] = codes(judged.rater)
        left = np.bincount(rater, weights=~quick)
        rules[f"of raters with fewer than {plan.min_judgments}"] = (left < plan.min_judgments)[
            rater
        ]
    return rules
