"""Languages on a page: that of a text, those to choose from, translations for scripts."""

import json

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

register = template.Library()

PROBE_TEXTS = (
    _("Asking…"),
    _("Working on it…"),
    _("Still working on it: the model may be loading."),
    _("Waiting: {n} ahead of you…"),
    _("Still waiting. The workers are busy, or none is running."),
    _("Waiting for a worker…"),
    _("This page is out of date. Reload it."),
    _("This can no longer be found. Reload the page."),
    _("The request was refused. Reload the page."),
    _("The site cannot be reached. Try again."),
    _("Strongest on “{token}”: {value}."),
    _("The neuron does not fire here: its highest value is {value}."),
    _("Your text: go through the values with the arrow keys"),
    _("Shades go up to {value}, the maximum in its capture."),
    _("Shades go up to {value}, because the maximum in a capture is not known."),
    _("The model reads only these {n} tokens."),
)
"""What js/live.js and js/live-results.js say to a rater who tries a text."""


@register.simple_tag
def lang(code: str) -> SafeString:
    """Return the attribute that names a text's language, where it is not the page's."""
    return format_html('lang="{}"', code) if code and code != get_language() else SafeString("")


@register.simple_tag
def other_languages() -> list[tuple[str, str]]:
    """Return the languages that the page could be in instead, each in its own name."""
    return [(code, name) for code, name in settings.LANGUAGES if code != get_language()]


@register.simple_tag
def probe_translations() -> str:
    """Return translations of what scripts say, by the English text, as JSON; empty in English."""
    if get_language() == settings.LANGUAGE_CODE:
        return ""
    return json.dumps({text: gettext(text) for text in PROBE_TEXTS}, ensure_ascii=False)
