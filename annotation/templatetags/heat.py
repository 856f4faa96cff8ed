"""Excerpts as token heat maps."""

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from annotation.protocols.excerpt import Excerpt, Segment

register = template.Library()


@register.filter
def marked(excerpt: Excerpt) -> SafeString:
    """Return an excerpt's text; what is active is marked by a level and carries its value.

    Made here and not in a template: white space counts.
    """
    # Every part is escaped by `_segment`.
    return mark_safe("".join(map(_segment, excerpt.segments)))  # noqa: S308


@register.filter
def strongest(excerpt: Excerpt) -> str:
    """Return an excerpt's strongest tokens in words, for those who hear the page."""
    return ", ".join(f"{segment.text} {segment.shown}" for segment in excerpt.strongest)


@register.filter
def predicted_by(excerpt: Excerpt, key: str) -> Excerpt | None:
    """Return an excerpt with what was predicted on it from the option of that key."""
    return excerpt.simulation_of(key)


def _segment(segment: Segment) -> str:
    if not segment.level:
        return conditional_escape(segment.text)
    return format_html(
        '<mark class="l{}" title="{}">{}</mark>', segment.level, segment.shown, segment.text
    )
