"""Template filters of the neuron pages: numbers, splits and tokens."""

import math
import re
from collections.abc import Mapping, Sequence

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from explanations.records import NeuronRef
from studies.analysis.charts import distributions

register = template.Library()

_SPLITS = {
    "explain": "for explaining",
    "select": "for choosing",
    "score": "held out for scoring",
}
_QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")
_AUTHORS = {
    "human": "a person",
    "model": "a language model",
    "baseline": "a program",
    "control": "a control",
}


@register.filter
def figures(value: float | None) -> str:
    """Return a number with three significant figures and a true minus; a dash for none."""
    if value is None or math.isnan(value):
        return "\N{EN DASH}"
    value += 0.0  # a negative zero is 0
    shown = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return shown.replace("-", "\N{MINUS SIGN}")


@register.filter
def two_decimals(value: float | None) -> str:
    """Return a score or similarity with two decimals; a dash for none."""
    shown = "\N{EN DASH}" if value is None else f"{round(value, 2) + 0.0:.2f}"
    return shown.replace("-", "\N{MINUS SIGN}")


@register.filter
def share(value: float | None) -> str:
    """Return a share from 0 to 1 as percent, with more decimals near 0 and 1."""
    if value is None:
        return "\N{EN DASH}"
    percent = 100 * value
    if 0 < percent < 10:
        shown = f"{percent:.2g}"
    else:
        shown = f"{percent:.0f}" if percent <= 99 or percent == 100 else f"{percent:.1f}"
    return f"{shown}%"


@register.filter
def split_name(split: str) -> str:
    """Return what a split is for."""
    return _SPLITS[split]


@register.filter
def quarter_name(quantile: int) -> str:
    """Return the name of a quarter of the peaks."""
    return _QUARTERS[quantile]


@register.filter
def author_name(kind: str) -> str:
    """Return who wrote an explanation of that kind."""
    return _AUTHORS[kind]


@register.filter
def place(ref: NeuronRef) -> str:
    """Return a neuron as people type it: `3/120`."""
    return f"{ref.layer}/{ref.index}"


@register.filter
def visible(token: str) -> SafeString:
    """Return a token whose spaces and line breaks can be seen."""
    marks: Mapping[str, str] = {" ": "␣", "\n": "↵", "\t": "⇥"}
    edges = re.fullmatch(r"(\s*)(.*?)(\s*)", token, re.DOTALL)
    before, word, after = edges.groups() if edges else ("", token, "")
    space = [
        format_html('<span class="space">{}</span>', "".join(marks.get(c, "␣") for c in part))
        if part
        else ""
        for part in (before, after)
    ]
    return format_html('<bdi class="token">{}{}{}</bdi>', space[0], word, space[1])


@register.filter
def highlighted(text: str, words: Sequence[str]) -> SafeString:
    """Return a text with all occurrences of the words marked, ignoring case."""
    if not words:
        return conditional_escape(text)
    longest_first = sorted(words, key=len, reverse=True)
    parts = re.split(f"({'|'.join(map(re.escape, longest_first))})", text, flags=re.IGNORECASE)
    # Every part is escaped; those at odd indices are the matches.
    return mark_safe(  # noqa: S308
        "".join(
            format_html('<mark class="hit">{}</mark>', part) if i % 2 else conditional_escape(part)
            for i, part in enumerate(parts)
        )
    )


@register.filter
def sparkline(counts: Sequence[int]) -> SafeString:
    """Draw counts as small bars; the table around them has the numbers."""
    return mark_safe(distributions.sparkline(counts))  # noqa: S308  holds numbers only
