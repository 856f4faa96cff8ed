"""Forms for batches and raters in the admin."""

from collections.abc import Callable
from typing import Any, get_args

from django import forms
from django.db import transaction

from annotation.entry import Outcome, read_entry
from annotation.models import Batch, Rater
from annotation.protocols import PROTOCOLS
from annotation.quality import read_rules
from annotation.services.accounts import AccountRefused, account_make

CODES = get_args(Outcome)
RECRUITING = (
    "recruiter",
    CODES,
    "leads_back",
    "open_to_accounts",
    ("break_after", "lease_seconds"),
)
_OWN = ("recruiter", "codes", "leads_back", "break_after")


class BatchForm(forms.ModelForm[Batch]):
    """The settings of a batch before its first rater, checked by the code that reads them.

    The recruiter's part of the entry has fields of its own; the rest is JSON.
    """

    recruiter = forms.ChoiceField(
        required=False,
        choices=[("", "anyone with the invitation link"), ("prolific", "Prolific only")],
        label="Open to",
    )
    completed = forms.CharField(required=False, label="Completion code")
    screened_out = forms.CharField(required=False, label="Screen-out code")
    no_consent = forms.CharField(required=False, label="No-consent code")
    leads_back = forms.BooleanField(
        required=False,
        label="Redirect to Prolific automatically",
        help_text="Immediately after the last answer, else after 20 seconds.",
    )
    break_after = forms.IntegerField(
        required=False,
        min_value=0,
        label="Suggest a break after this many questions",
        help_text="0: never",
    )
    entry = forms.JSONField(
        required=False,
        label="Check and practice",
        help_text="Shown before the first question, as JSON",
    )

    class Meta:
        model = Batch
        fields = ("rules", "tells_raters", "entry", "lease_seconds", "open_to_accounts")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        entry = dict(self.instance.entry)
        self.initial.update(entry.pop("codes", {}))
        self.initial.update({name: entry.pop(name) for name in _OWN if name in entry})
        self.initial["entry"] = entry

    def clean_rules(self) -> object:
        """Refuse invalid rules, by name."""
        return self._read("rules", self.cleaned_data["rules"], read_rules)

    def clean(self) -> dict[str, Any]:
        """Assemble the entry; refuse an invalid one, by name."""
        data = super().clean() or self.cleaned_data
        if isinstance(data.get("entry") or {}, dict):
            data["entry"] = {**(data.get("entry") or {}), **self._set_here(data)}
        protocol = PROTOCOLS[self.instance.protocol]
        try:
            self._read("entry", data["entry"], lambda entry: read_entry(entry, protocol))
        except forms.ValidationError as error:
            self.add_error("entry", error)
        return data

    def _set_here(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return the entry's parts that have fields of their own, leaving out what is not set."""
        codes = {name: data[name].strip() for name in CODES if data.get(name, "").strip()}
        given = {"codes": codes, **{name: data.get(name) for name in _OWN if name != "codes"}}
        return {name: value for name, value in given.items() if value}

    def _read(self, name: str, data: object, read: Callable[[object], object]) -> object:
        try:
            read(data)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error
        return data


class AccountForm(forms.ModelForm[Rater]):
    """A user name and a first password for a new rater."""

    name = forms.CharField(label="User name", max_length=150)
    password = forms.CharField(
        help_text="Give it to the rater, who can change it after logging in at /rate/login/."
    )

    class Meta:
        model = Rater
        fields: tuple[str, ...] = ()

    def clean(self) -> dict[str, Any]:
        """Create the account; show what is wrong next to its field."""
        data = super().clean() or self.cleaned_data
        if {"name", "password"} <= data.keys():
            try:
                with transaction.atomic():
                    self.instance = account_make(
                        rater=None, name=data["name"], password=data["password"]
                    )
            except AccountRefused as refusal:
                field = "password" if refusal.field == "password" else "name"
                self.add_error(field, list(refusal.messages))
        return data
