"""Excerpts as token heat maps."""

from django import template
from django.utils.formats import get_format
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from annotation.protocols.excerpt import Excerpt, Segment

register = template.Library()


@register.filter
def marked(excerpt: Excerpt) -> SafeString:
    """Return an excerpt's text, with active tokens marked by their level and value.

    Not a template, because white space counts.
    """
    point = decimal_point()
    # Every part is escaped by `_segment`.
    return mark_safe("".join(_segment(each, point) for each in excerpt.segments))  # noqa: S308


@register.filter
def strongest(excerpt: Excerpt) -> str:
    """Return an excerpt's strongest tokens in words, for screen readers."""
    point = decimal_point()
    shown = ((each.text, each.shown.replace(".", point)) for each in excerpt.strongest)
    return ", ".join(f"{text} {value}" for text, value in shown)


@register.filter
def predicted_by(excerpt: Excerpt, key: str) -> Excerpt | None:
    """Return an excerpt with the values predicted from the option of that key."""
    return excerpt.simulation_of(key)


def decimal_point() -> str:
    """Return the decimal separator of the page's language."""
    return str(get_format("DECIMAL_SEPARATOR"))


def _segment(segment: Segment, point: str) -> str:
    if not segment.level:
        return conditional_escape(segment.text)
    value, word = segment.shown.replace(".", point), conditional_escape(segment.text)
    return f'<mark class="l{segment.level}" title="{value}">{word}</mark>'
