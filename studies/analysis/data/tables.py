"""Columns of votes, scores, and what became of everything in a study."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from studies.analysis.data.columns import Columns
from studies.analysis.data.ratings import Array, Codes, factorize


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgments(Columns):
    """One row per current judgment. All columns are equally long; ids are any integers.

    `unit` is the item. `outcome` is +1 when the explanation shown on the left was preferred, -1 for
    the right, 0 for a tie. `left_condition` and `right_condition` are positions in
    the study's conditions. `left_listed_first` says whether the left one is the one that the item
    lists first: the item's own order, drawn when it was built, the same for every rater and exactly
    balanced between conditions. `confidence` is nan where it was not given.
    """

    unit: Codes
    neuron: Codes
    rater: Codes
    outcome: npt.NDArray[np.int8]
    left_explanation: Codes
    right_explanation: Codes
    left_condition: Codes
    right_condition: Codes
    left_listed_first: npt.NDArray[np.bool_]
    confidence: Array
    seconds: Array
    synthetic: npt.NDArray[np.bool_]

    @property
    def first_won(self) -> npt.NDArray[np.int8]:
        """The outcome from the item's own side: +1 its first option, -1 its second, 0 a tie."""
        return np.where(self.left_listed_first, self.outcome, -self.outcome).astype(np.int8)


def first_seen(codes: Codes) -> Codes:
    """Return codes numbered from 0 as they first appear."""
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    place = np.empty(len(first), dtype=np.intp)
    place[np.argsort(first)] = np.arange(len(first))
    return place[inverse]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """How often something is missing for one reason."""

    reason: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """One scorer's scores of the study's explanations, one row per defined score.

    `undefined` counts, by reason, the explanations that it could not score.
    """

    scorer: str
    explanation: Codes
    value: Array
    undefined: tuple[ReasonCount, ...] = ()

    def of(self, explanations: Codes) -> Array:
        """Return the score of each explanation; nan where there is none."""
        if not len(self.explanation):
            return np.full(len(explanations), np.nan)
        if len(explanations) > len(self.explanation):
            place, asked = factorize(explanations)
            return self._of(asked)[place]
        return self._of(explanations)

    def _of(self, explanations: Codes) -> Array:
        order = np.argsort(self.explanation, kind="stable")
        known = self.explanation[order]
        place = np.minimum(np.searchsorted(known, explanations), len(known) - 1)
        return np.where(known[place] == explanations, self.value[order][place], np.nan)

    def gap(self, judged: Judgments) -> Array:
        """Return the left's score less the right's for each judgment; nan where one has none."""
        return self.of(judged.left_explanation) - self.of(judged.right_explanation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """What became of everything between the neurons chosen and the judgments analysed.

    `drawn` judgments were asked for in rounds, some of them at random, where pairs are chosen as
    votes come in.
    """

    neurons_chosen: int = 0
    neurons_used: int = 0
    items: int = 0
    left_out: tuple[ReasonCount, ...] = ()
    judgments_wanted: int = 0
    drawn: int = 0
    drawn_at_random: int = 0
    judgments: int = 0
    cannot_tell: int = 0
    corrected: int = 0
    skipped: int = 0
    expired: int = 0
    in_progress: int = 0
    items_without_judgment: int = 0
    raters_enrolled: int = 0
    raters_judging: int = 0
    raters_finished: int = 0
    synthetic_raters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draws(Columns):
    """How the pair of each vote was drawn: at random or not, and how likely that was by either."""

    at_random: npt.NDArray[np.bool_]
    probability: Array
