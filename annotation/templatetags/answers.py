"""Filters for forms that show an answer again, and texts to paint."""

from collections.abc import Mapping, Sequence

from django import template
from django.utils.formats import get_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def at(given: object, key: str) -> object:
    """Return the value under a key of an answer's object; nothing if it is not an object."""
    return given.get(key, "") if isinstance(given, Mapping) else ""


@register.filter
def place(given: object, index: int) -> object:
    """Return the value at an index of a list, or under that index as a form sends it."""
    if isinstance(given, Mapping):
        return given.get(str(index), "")
    return given[index] if isinstance(given, list) and index < len(given) else ""


@register.simple_tag
def cells(tokens: Sequence[str], row: int, given: object) -> SafeString:
    """Return a text as fields, one for each token, with the values painted before.

    Not a template, because a page has hundreds of them. A token that continues a word is joined to
    the one before; white space is shown as a sign.
    """
    values = place(given, row)
    shown = (_cell(token, row, at, place(values, at)) for at, token in enumerate(tokens))
    # Every part is escaped by `_cell`.
    return mark_safe("".join(shown))  # noqa: S308


def _cell(token: str, row: int, at: int, value: object) -> SafeString:
    word = token.strip() or ("↵" if "\n" in token else "␣")
    joined = " joined" if at and not token[:1].isspace() else ""
    return format_html(
        '<label class="cell{}">{}<input name="values.{}.{}" value="{}"></label>',
        joined,
        word,
        row,
        at,
        value or "",
    )


@register.filter
def percent(share: float) -> str:
    """Return a probability as a percentage, with one decimal if it is below 10%."""
    shown = f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
    return shown.replace(".", str(get_format("DECIMAL_SEPARATOR")))


@register.filter
def hundredths(share: float) -> int:
    """Return a probability as the length of a bar of 100."""
    return round(100 * share)
