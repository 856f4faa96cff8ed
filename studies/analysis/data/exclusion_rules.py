"""Which judgments a plan's rules exclude."""

from typing import Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.answers import JudgmentColumns
from studies.analysis.data.plan import Plan
from studies.analysis.data.ratings import codes

Marks = npt.NDArray[np.bool_]


def excluded(judged: JudgmentColumns, plan: Plan) -> dict[str, Marks]:
    """Return, for each of the plan's rules in order, a mark for every judgment that it excludes.

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
