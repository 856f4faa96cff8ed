"""What a form needs to show an answer again, and texts to be painted."""

from collections.abc import Mapping, Sequence

from django import template
from django.utils.formats import get_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def at(given: object, key: str) -> object:
    """Return what an object of an answer holds under a key; nothing for what is no object."""
    return given.get(key, "") if isinstance(given, Mapping) else ""


@register.filter
def place(given: object, index: int) -> object:
    """Return what stands at an index of a list, or under it where a form sent it."""
    if isinstance(given, Mapping):
        return given.get(str(index), "")
    return given[index] if isinstance(given, list) and index < len(given) else ""


@register.simple_tag
def cells(tokens: Sequence[str], row: int, given: object) -> SafeString:
    """Return a text as fields, one for each token, with what was painted on it before.

    Made here and not in a template: hundreds of them are one page. A token that goes on a word is
    joined to the one before; what is only white space can be seen.
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
    """Return a probability in per cent, with a figure behind the point where it is small."""
    shown = f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"
    return shown.replace(".", str(get_format("DECIMAL_SEPARATOR")))


@register.filter
def hundredths(share: float) -> int:
    """Return a probability as the length of a bar of 100."""
    return round(100 * share)
