"""Numbers as a reader wants them: a value with its interval, or why there is none."""

from collections.abc import Mapping
from typing import Any

from django import template

from studies.analysis import charts

register = template.Library()


@register.inclusion_tag("studies/estimate.html")
def share(estimate: Mapping[str, Any]) -> dict[str, str]:
    """Show a share from 0 to 1 as percent."""
    return _shown(estimate, scale=100, digits=0, unit="\N{NO-BREAK SPACE}%")


@register.inclusion_tag("studies/estimate.html")
def number(estimate: Mapping[str, Any]) -> dict[str, str]:
    """Show a coefficient with two decimals."""
    return _shown(estimate, scale=1, digits=2, unit="")


def _shown(estimate: Mapping[str, Any], *, scale: int, digits: int, unit: str) -> dict[str, str]:
    def text(name: str) -> str:
        shown = f"{scale * estimate[name]:.{digits}f}"
        return shown.replace("-", "\N{MINUS SIGN}")

    if estimate["value"] is None:
        return {"reason": estimate["reason"]}
    if estimate["low"] is None:
        return {"value": text("value") + unit, "note": estimate["note"]}
    return {"value": text("value") + unit, "interval": f"{text('low')} to {text('high')}{unit}"}


@register.filter
def percent(value: float | None) -> str:
    """Return a share as whole percent; a dash where there is none."""
    return "\N{EN DASH}" if value is None else f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


@register.filter
def gap_name(gap: Mapping[str, Any]) -> str:
    """Return the name of a bin of score gaps."""
    if gap["high"] is None:
        return f"more than {gap['low']:g}"
    return f"{gap['low']:g} to {gap['high']:g}"


@register.filter
def published_beside(scorer: str) -> tuple[float, ...]:
    """Return the published agreement by score gap that a scorer's own may stand beside."""
    return charts.published_beside(scorer)


@register.filter
def at(table: list[Any], place: int) -> Any:
    """Return what stands at a place of a list."""
    return table[place]
