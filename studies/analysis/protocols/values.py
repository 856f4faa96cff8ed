"""Values in sentences."""

from studies.analysis.data.estimate import Estimate
from studies.analysis.protocols.compare.wording import share

__all__ = ["decimal", "number", "quoted", "share"]


def number(estimate: Estimate, digits: int = 2) -> str:
    """Return a value with its interval, or the reason why there is none."""
    if not estimate.defined:
        return f"undefined ({estimate.reason})"
    value = decimal(estimate.value, digits)
    if not estimate.has_interval:
        return f"{value} ({estimate.note})"
    low, high = decimal(estimate.low, digits), decimal(estimate.high, digits)
    return f"{value} (95\N{NO-BREAK SPACE}% interval {low} to {high})"


def decimal(value: float, digits: int = 2) -> str:
    """Return a number with a true minus and no negative zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def quoted(name: object) -> str:
    """Return a name in quotation marks."""
    return f"“{name}”"
