"""Languages on a page: which a text is in, which can be chosen, and what scripts say."""

import json

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

register = template.Library()

LIVE = (
    _("Asking…"),
    _("A worker is at it…"),
    _("The worker is still at it: it may be loading the model."),
    _("Waiting: {n} asked before you…"),
    _("Still waiting. The workers are busy, or none is running."),
    _("Waiting for a worker…"),
    _("This page is too old to ask from. Reload it."),
    _("This is not to be found any more. Reload the page."),
    _("The question was not taken. Reload the page."),
    _("The site cannot be reached. Try again."),
    _("Strongest on “{token}”: {value}."),
    _("The neuron does not fire here: its highest value is {value}."),
    _("Your text: values with the arrow keys"),
    _("Shades go up to {value}, the maximum in its capture."),
    _("Shades go up to {value}: no capture knows the maximum."),
    _("The model reads no more than these {n} tokens."),
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
def live_words() -> str:
    """Return what scripts say, from English to the page's language, as JSON; empty in English."""
    if get_language() == settings.LANGUAGE_CODE:
        return ""
    return json.dumps({text: gettext(text) for text in LIVE}, ensure_ascii=False)
