"""Forms that start a run, resume one, or upload images."""

from typing import TYPE_CHECKING, Any
from zipfile import is_zipfile

from django import forms
from django.core.exceptions import ValidationError

from explanations.models import Run, Subject
from explanations.services.budgets import RunRefused
from explanations.services.methods import SettingRefused, method_defaults, registry
from explanations.services.start_run import METHOD_KINDS, RunEstimate, RunWanted, run_estimate

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

_PREFIX = "setting-"


class StartForm(forms.Form):
    """A run of one built-in method. Once it is valid, `estimate` counts what the run would do."""

    subject = forms.ModelChoiceField(
        queryset=Subject.objects.order_by("name"),
        to_field_name="name",
        required=False,
        empty_label="all subjects",
    )
    neurons = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "3/120 3/0-99"}),
        help_text="Layer/index or a range of indices. Leave empty for all neurons in the database.",
    )
    budget = forms.FloatField(
        required=False,
        label="Budget, in US dollars",
        widget=forms.NumberInput(attrs={"step": "any", "min": "0"}),
        help_text="The run stops once its calls have cost this much. Leave empty for no limit.",
    )

    def __init__(self, kind: Run.Kind, method: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.method = kind, method
        self.estimate: RunEstimate | None = None
        method_kind = METHOD_KINDS[kind]
        choices = registry(method_kind)[method].choices
        own = method_defaults(kind=method_kind, name=method)
        self.fields |= {
            f"{_PREFIX}{name}": _field(name, value, choices.get(name))
            for name, value in own.items()
        }

    @property
    def settings(self) -> list[forms.BoundField]:
        """The fields that are the method's own settings."""
        return [field for field in self if field.name.startswith(_PREFIX)]

    @property
    def choice(self) -> list[forms.BoundField]:
        """The fields of every run."""
        return [field for field in self if not field.name.startswith(_PREFIX)]

    @property
    def wanted(self) -> RunWanted:
        """The run that a valid form describes."""
        data = self.cleaned_data
        given = {
            name.removeprefix(_PREFIX): value
            for name, value in data.items()
            if name.startswith(_PREFIX)
        }
        return RunWanted(
            kind=self.kind,
            method=self.method,
            settings=given,
            subject=data["subject"].name if data.get("subject") else None,
            neurons=data["neurons"],
            budget=data["budget"],
        )

    def clean(self) -> dict[str, Any]:
        """Check the run with the service, and count its targets."""
        data = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.estimate = run_estimate(wanted=self.wanted)
            except (RunRefused, SettingRefused) as refusal:
                self.refuse(refusal)
        return data

    def refuse(self, refusal: RunRefused | SettingRefused) -> None:
        """Attach the service's error to its field."""
        if isinstance(refusal, SettingRefused):
            name = f"{_PREFIX}{refusal.setting}"
        else:
            name = refusal.field
        self.add_error(name if name in self.fields else None, str(refusal))


class ResumeForm(forms.Form):
    """The budget with which a halted run goes on."""

    budget = forms.FloatField(required=False)


class ImagesForm(forms.Form):
    """A zip of images, and whose neurons they are."""

    zip = forms.FileField(
        label="Zip",
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,application/zip"}),
        help_text="Images and a manifest.jsonl or manifest.csv with a row for each.",
    )
    subject = forms.CharField(
        max_length=200,
        widget=forms.TextInput(attrs={"list": "subjects", "size": 50}),
        help_text="The name of the model. It is created if it does not exist.",
    )

    @property
    def subjects(self) -> list[str]:
        """The names of the subjects."""
        return list(Subject.objects.order_by("name").values_list("name", flat=True))

    def clean_zip(self) -> "UploadedFile[bytes]":
        """Refuse a file that is not a zip."""
        sent: UploadedFile[bytes] = self.cleaned_data["zip"]
        if not is_zipfile(sent):
            raise ValidationError("This file is not a zip.")
        sent.seek(0)
        return sent


def _field(name: str, own: Any, choices: tuple[str, ...] | None) -> forms.Field:
    """Return a field for a setting, by the type of the method's own value."""
    if choices:
        pairs = [(each, each) for each in choices]
        return forms.ChoiceField(initial=own, label=name, choices=pairs)
    if isinstance(own, bool):
        return forms.BooleanField(required=False, initial=own, label=name)
    if isinstance(own, int):
        return forms.IntegerField(initial=own, label=name)
    if isinstance(own, float):
        step = forms.NumberInput(attrs={"step": "any"})
        return forms.FloatField(initial=own, label=name, widget=step)
    if isinstance(own, str):
        return forms.CharField(initial=own, label=name, required=bool(own), strip=False)
    area = forms.Textarea(attrs={"rows": 2})
    return forms.JSONField(initial=own, label=name, required=False, widget=area)
