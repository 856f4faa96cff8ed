"""Numbers and names in sentences."""

from studies.analysis.data.estimate import Estimate


def share(estimate: Estimate) -> str:
    """Return a share as whole percent with its interval, or the reason why there is none."""
    if not estimate.defined:
        return f"not computed ({estimate.reason})"
    if not estimate.has_interval:
        return f"{percent(estimate.value)} ({estimate.note})"
    low, high = percent(estimate.low).removesuffix("%"), percent(estimate.high)
    return f"{percent(estimate.value)} (95% interval {low} to {high})"


def percent(value: float) -> str:
    """Return a share from 0 to 1 as whole percent."""
    return f"{100 * value:.0f}%"


def number(estimate: Estimate, digits: int = 2) -> str:
    """Return a value with its interval, or the reason why there is none."""
    if not estimate.defined:
        return f"not computed ({estimate.reason})"
    value = decimal(estimate.value, digits)
    if not estimate.has_interval:
        return f"{value} ({estimate.note})"
    low, high = decimal(estimate.low, digits), decimal(estimate.high, digits)
    return f"{value} (95% interval {low} to {high})"


def decimal(value: float, digits: int = 2) -> str:
    """Return a number with a true minus and no negative zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def quoted(name: object) -> str:
    """Return a name in quotation marks."""
    return f"“{name}”"


def counted(n: int, noun: str) -> str:
    """Return a number with its noun: `1 vote`, `1,200 votes`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def synthetic_notice(n_synthetic: int, n_judgments: int) -> str:
    """Return what must be read first when programs gave judgments; empty when none did."""
    if not n_synthetic:
        return ""
    return (
        f"Synthetic judgments: {n_synthetic:,} of {n_judgments:,} were made by a "
        "program to try things out. Do not report these figures."
    )
