"""Template filters for numbers: a value with its interval, or why there is none."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import template

register = template.Library()


@register.inclusion_tag("studies/estimate.html")
def share(estimate: Mapping[str, Any]) -> dict[str, str]:
    """Return a share from 0 to 1 as percent."""
    return _shown(estimate, scale=100, digits=0, unit="%")


@register.inclusion_tag("studies/estimate.html")
def number(estimate: Mapping[str, Any]) -> dict[str, str]:
    """Return a coefficient with two decimals."""
    return _shown(estimate, scale=1, digits=2, unit="")


@register.inclusion_tag("studies/estimate.html")
def cell(value: Any, kind: str) -> dict[str, str]:
    """Return one cell of a figure's table, formatted by the kind of its column."""
    if isinstance(value, Mapping):
        return share(value) if kind == "share" else number(value)
    if value is None:
        return {"plain": "\N{EN DASH}"}
    if kind == "share":
        return {"plain": percent(value)}
    if kind == "count":
        return {"plain": f"{value:,}"}
    return {"plain": _decimal(value) if kind == "number" else str(value)}


def _decimal(value: float) -> str:
    """Return two decimals, three below a tenth."""
    digits = 2 if abs(value) >= 0.1 or value == 0 else 3
    return f"{value:.{digits}f}".replace("-", "\N{MINUS SIGN}")


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
    return "\N{EN DASH}" if value is None else f"{100 * value:.0f}%"


@register.filter
def at(table: Any, key: Any) -> Any:
    """Return the item of a list by index, or of a mapping by key."""
    return table[key]


@register.filter
def drawn_of(names: Sequence[str], figures: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return those of the named figures that have a drawing, with their names."""
    return [(name, figures[name]) for name in names if name in figures and figures[name]["svg"]]


@register.filter
def listed_of(names: Sequence[str], figures: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return those of the named tables that have no drawing, with their names."""
    return [(name, figures[name]) for name in names if name in figures and not figures[name]["svg"]]


@register.filter
def declared_in(name: str, declared: Sequence[str]) -> bool:
    """Return whether a plan declared a figure, by its name or its name's prefix."""
    return any(name == each or name.startswith(f"{each}-") for each in declared)
