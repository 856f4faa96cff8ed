"""The result of every statistic: a value with its interval, or the reason why there is none."""

from dataclasses import dataclass
from math import isnan, nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One statistic with its 95% interval.

    `value` is nan exactly when `reason` says why it is undefined. A value whose spread cannot be
    estimated (one rater, say) keeps its value: `low`, `high` and `se` are then nan, all three, and
    `note` says why. `method` names the statistic and how its interval was made. The counts are
    those that entered the statistic: units (neurons, for a preference), raters, ratings.
    """

    value: float
    low: float = nan
    high: float = nan
    se: float = nan
    n_units: int
    n_raters: int
    n_ratings: int
    method: str
    reason: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError when the parts contradict each other."""
        if isnan(self.value) != bool(self.reason):
            raise ValueError(f"value {self.value} with reason {self.reason!r}: nan needs a reason")
        limits = [isnan(x) for x in (self.low, self.high, self.se)]
        if any(limits) != all(limits):
            raise ValueError("low, high and se must be given together or not at all")
        if self.reason and not all(limits):
            raise ValueError("an undefined value cannot have an interval")
        if not self.reason and all(limits) != bool(self.note):
            raise ValueError(f"note {self.note!r}: it says why, and only why, there is no interval")
        if self.has_interval and not (self.low <= self.value <= self.high and self.se >= 0):
            raise ValueError(f"{self.value} outside [{self.low}, {self.high}], or se {self.se} < 0")

    @property
    def defined(self) -> bool:
        """Whether there is a value."""
        return not self.reason

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval around the value."""
        return not isnan(self.se)


def undefined(
    reason: str, *, method: str, n_units: int = 0, n_raters: int = 0, n_ratings: int = 0
) -> Estimate:
    """Return an estimate without a value, for `reason`."""
    return Estimate(
        value=nan,
        n_units=n_units,
        n_raters=n_raters,
        n_ratings=n_ratings,
        method=method,
        reason=reason,
    )
