"""What a researcher fills in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from explanations.models import Method, Subject
from explanations.records import NeuronRef
from studies.design.references import parse_references
from studies.models import Condition, Study
from studies.selectors.material import neurons_named

_SHOWN = 10


class StudyForm(forms.ModelForm[Study]):
    """A study's design. Neurons are added by reference; `neurons_to_add` holds their ids."""

    subject = forms.ModelChoiceField(
        queryset=Subject.objects.order_by("name"),
        required=False,
        label="Neurons of",
        help_text="The subject that the references below are about",
    )
    references = forms.CharField(
        required=False,
        label="Neurons to add",
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "3/120 3/121 5/0-99"}),
        help_text="As layer/index, or a range of indices; they are added when you save.",
    )

    class Meta:
        model = Study
        fields = [
            *("title", "slug", "question", "overlap", "items_per_rater", "excerpts"),
            *("ask_confidence", "seed", "consent", "instructions"),
        ]
        widgets = {
            "question": forms.Textarea(attrs={"rows": 2}),
            "consent": forms.Textarea(attrs={"rows": 8}),
            "instructions": forms.Textarea(attrs={"rows": 8}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.neurons_to_add: tuple[int, ...] = ()
        subjects = list(Subject.objects.all()[:2])
        if "subject" in self.fields and len(subjects) == 1:
            self.fields["subject"].initial = subjects[0]

    def clean_references(self) -> tuple[NeuronRef, ...]:
        """Read the references."""
        try:
            return parse_references(self.cleaned_data["references"])
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """Look the neurons up; every one must exist."""
        data = super().clean() or self.cleaned_data
        references = data.get("references") or ()
        if references and not data.get("subject"):
            self.add_error("subject", "Say whose neurons these are.")
        elif references:
            self._look_up(data["subject"], references)
        return data

    def _look_up(self, subject: Subject, references: tuple[NeuronRef, ...]) -> None:
        looked_up = neurons_named(subject, references)
        if looked_up.missing:
            names = ", ".join(str(ref) for ref in looked_up.missing[:_SHOWN])
            more = (
                f" and {len(looked_up.missing) - _SHOWN} more"
                if len(looked_up.missing) > _SHOWN
                else ""
            )
            self.add_error("references", f"{subject} has no neuron {names}{more}.")
        self.neurons_to_add = looked_up.found


class ConditionFormSet(forms.BaseInlineFormSet[Condition, Study, forms.ModelForm[Condition]]):
    """The conditions of a study, no two of one method."""

    def clean(self) -> None:
        """Refuse to compare a method with itself."""
        super().clean()
        seen = set[Method | None]()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            if not data.get("name") or data.get("DELETE"):
                continue
            method = data.get("method")
            if method in seen:
                what = "what people wrote" if method is None else str(method)
                form.add_error("method", f"Another condition compares {what} already.")
            seen.add(method)


class SampleForm(forms.Form):
    """How many of the explained neurons to add."""

    at_most = forms.IntegerField(min_value=1, required=False)
