"""Form fields for quality rules and comprehension questions."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import BaseRenderer
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from annotation.entry import Check
from annotation.quality import MEASURES, Rule, read_rules
from studies.design.trust import read_checks, written_checks
from studies.presets.base import Preset
from studies.presets.trust import OPTIONAL, JustifiedRule


def offered(preset: Preset) -> tuple[JustifiedRule, ...]:
    """Return the rules that a study of the design can have, with suggested limits."""
    return preset.rules if preset.protocol == "write" else (*preset.rules, *OPTIONAL)


class RulesWidget(forms.Widget):
    """A row per rule: whether it is set, its limit in percent, and whether it pauses raters."""

    use_fieldset = True
    rules: Sequence[JustifiedRule] = ()

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Any, name: str
    ) -> list[dict[str, Any]]:
        """Return the submitted values of the ticked rules."""
        return [
            {
                "name": rule,
                "pauses": f"{name}-{rule}-pauses" in data,
                **{part: data.get(f"{name}-{rule}-{part}", "") for part in _PARTS},
            }
            for rule in MEASURES
            if f"{name}-{rule}" in data
        ]

    def render(
        self,
        name: str,
        value: Any,
        attrs: dict[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the rows as HTML; rules that are set show their own numbers."""
        given = {row["name"]: row for row in value or ()}
        reasons = {each.rule.name: each for each in self.rules}
        rows = [_row(each.rule, each.reason, given.get(key)) for key, each in reasons.items()]
        rows += [_row(None, "", row) for key, row in given.items() if key not in reasons]
        context = {"name": name, "rows": rows}
        return render_to_string("admin/studies/study/rules.html", context)


_PARTS = ("percent", "after", "seconds")


def _row(rule: Rule | None, reason: str, given: Mapping[str, Any] | None) -> dict[str, Any]:
    shown = given or _as_sent(rule.to_json() if rule else {})
    return {
        **shown,
        "title": MEASURES[shown["name"]].title,
        "reason": reason,
        "is_set": given is not None,
        "at_least": MEASURES[shown["name"]].must_be == "at least",
        "is_timed": shown["name"] == "too_fast",
    }


def _as_sent(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": rule["name"],
        "percent": f"{100 * rule['limit']:g}",
        "after": rule["after"],
        "seconds": f"{rule.get('seconds', 0):g}",
        "pauses": rule.get("pauses", True),
    }


class RulesField(forms.Field):
    """Quality rules, as a batch stores them."""

    widget = RulesWidget

    def __init__(self) -> None:
        super().__init__(
            required=False,
            label="Quality rules for raters",
            help_text=(
                "Checked after each answer. Raters who break one are excluded from the analysis. "
                "Results are given with and without them, and nothing is deleted."
            ),
        )

    def offer(self, preset: Preset) -> None:
        """Offer the rules of a design."""
        self.widget.rules = offered(preset)

    def prepare_value(self, value: Any) -> Any:
        """Return stored rules as a form sends them."""
        return [row if "percent" in row else _as_sent(row) for row in value or ()]

    def to_python(self, value: Any) -> list[dict[str, Any]]:
        """Return the rules that were sent; ValidationError names the invalid one."""
        try:
            return [rule.to_json() for rule in read_rules([_rule(row) for row in value or ()])]
        except ValueError as error:
            raise ValidationError(f"{error}.") from error


def _rule(row: Mapping[str, Any]) -> dict[str, Any]:
    title = MEASURES[row["name"]].title
    seconds = {"seconds": _number(row["seconds"], title)} if row["name"] == "too_fast" else {}
    after = _number(row["after"], title)
    return {
        "name": row["name"],
        "limit": _number(row["percent"], title) / 100,
        "after": int(after) if after.is_integer() else after,
        "pauses": row["pauses"],
        **seconds,
    }


def _number(sent: str, title: str) -> float:
    try:
        return float(sent)
    except ValueError as error:
        raise ValueError(f"{title}: “{sent}” is not a number") from error


class ChecksField(forms.CharField):
    """Comprehension questions, as text."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            label="Comprehension questions",
            widget=forms.Textarea(attrs={"rows": 10}),
            help_text=(
                "Asked before the first item, with two attempts; anyone who fails both attempts is "
                "screened out. Write each question on a line and its options below it: “+ ” before "
                "the right one, “- ” before the others. Leave empty for none."
            ),
        )

    def prepare_value(self, value: Any) -> Any:
        """Return stored checks as text."""
        return (
            value if isinstance(value, str) else written_checks(map(Check.from_json, value or ()))
        )

    def to_python(self, value: Any) -> Any:
        """Return the checks in a text; ValidationError says what is wrong."""
        try:
            return [check.to_json() for check in read_checks(value or "")]
        except ValueError as error:
            raise ValidationError(f"{error}.") from error

    def run_validators(self, value: Any) -> None:
        """Do nothing: the text was validated when it was read."""
