"""Forms that researchers fill in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from explanations.models import Method, Subject
from explanations.records import NeuronRef
from studies.analysis.data.plan import Plan
from studies.analysis.results_report import DECLARABLE
from studies.design.references import parse_references
from studies.fields import ChecksField, RulesField
from studies.models import Condition, Study
from studies.presets.base import Preset
from studies.selectors.material import neurons_named
from studies.selectors.sampling import authors_of
from studies.services.building import Built
from studies.services.from_preset import study_from_preset, study_start

_SHOWN = 10


class StudyForm(forms.ModelForm[Study]):
    """A study's design. `neurons_to_add` holds the ids of the neurons that were referenced."""

    subject = forms.ModelChoiceField(
        queryset=Subject.objects.order_by("name"),
        required=False,
        label="Neurons of",
        help_text="The subject of the references below.",
    )
    references = forms.CharField(
        required=False,
        label="Neurons to add",
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": "3/120 3/121 5/0-99"}),
        help_text="As layer/index, or a range of indices. They are added when you save.",
    )
    rules = RulesField()
    checks = ChecksField()

    class Meta:
        model = Study
        fields = [
            *("title", "slug", "question", "overlap", "items_per_rater", "excerpts"),
            *("ask_confidence", "seed", "pairing", "pairs_per_neuron", "catches", "repeats"),
            *(
                "budget",
                "random_share",
                "extra_overlap_share",
                "extra_overlap",
                "condition_assignment",
            ),
            *("language", "consent", "instructions"),
            *("rules", "tells_raters", "checks", "practises"),
        ]
        widgets = {
            "question": forms.Textarea(attrs={"rows": 2}),
            "consent": forms.Textarea(attrs={"rows": 8}),
            "instructions": forms.Textarea(attrs={"rows": 8}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.neurons_to_add: tuple[int, ...] = ()
        self._trust()
        subjects = list(Subject.objects.all()[:2])
        if "subject" in self.fields and len(subjects) == 1:
            self.fields["subject"].initial = subjects[0]

    def _trust(self) -> None:
        """Offer the rules of the study's design, filled in for a new study."""
        preset = self.instance.design
        if "rules" in self.fields:
            self.fields["rules"].offer(preset)  # type: ignore[attr-defined]
        if self.instance._state.adding:
            self.initial.update(preset.trust)

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
            self.add_error("subject", "Choose the subject of these neurons.")
        elif references:
            self._look_up(data["subject"], references)
        return data

    def _look_up(self, subject: Subject, references: tuple[NeuronRef, ...]) -> None:
        looked_up = neurons_named(subject, references)
        if looked_up.missing:
            names = ", ".join(map(str, looked_up.missing[:_SHOWN]))
            hidden = len(looked_up.missing) - _SHOWN
            more = f" and {hidden} more" if hidden > 0 else ""
            self.add_error("references", f"{subject} has no neuron {names}{more}.")
        self.neurons_to_add = looked_up.found


class ConditionFormSet(forms.BaseInlineFormSet[Condition, Study, forms.ModelForm[Condition]]):
    """The conditions of a study, each with a different method."""

    def clean(self) -> None:
        """Reject a method that occurs twice."""
        super().clean()
        seen = set[Method | None]()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            if not data.get("name") or data.get("DELETE"):
                continue
            method = data.get("method")
            if method in seen:
                what = str(method or "people")
                form.add_error("method", f"Another condition already has explanations by {what}.")
            seen.add(method)


class SampleForm(forms.Form):
    """How many explained neurons to add."""

    at_most = forms.IntegerField(min_value=1, required=False)


# --- Registration -----------------------------------------------------------------------------

_BESIDE = " vs "


class PlanForm(forms.Form):
    """An analysis plan, decided before seeing data."""

    primary = forms.CharField(
        label="Primary scorer",
        widget=forms.TextInput(attrs={"list": "scorers", "size": 50}),
        help_text="The headline is based on it. Use its name on the results page.",
    )
    contrasts = forms.CharField(
        required=False,
        label="Contrasts of scorers",
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "correlation vs detection"}),
        help_text="One per line, Holm-adjusted. All others are exploratory.",
    )
    gap_edges = forms.CharField(
        label="Edges of the score gaps",
        initial="0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6",
        widget=forms.TextInput(attrs={"size": 50}),
        help_text="Increasing from 0; the last bin is open-ended.",
    )
    min_seconds = forms.FloatField(
        label="Exclude judgments faster than",
        min_value=0,
        initial=0,
        help_text="Seconds; 0 excludes none.",
    )
    min_judgments = forms.IntegerField(
        label="Exclude raters with fewer judgments than",
        min_value=0,
        initial=0,
        help_text="After the rule above; 0 excludes none. No rule may depend on a rater's answers.",
    )
    declared = forms.MultipleChoiceField(
        required=False,
        label="Planned figures",
        widget=forms.CheckboxSelectMultiple,
        help_text="The results page marks all others as exploratory.",
    )
    seed = forms.IntegerField(initial=0, help_text="For simulations in the analysis.")

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        """Offer the figures of the study's design."""
        super().__init__(*args, **kwargs)
        analysis = study.protocol_analysis
        own = analysis.declarable
        declared = self.fields["declared"]
        assert isinstance(declared, forms.MultipleChoiceField)  # noqa: S101  it is so above
        declared.choices = [*own, *DECLARABLE]
        if analysis.plans_contrasts:
            declared.initial = [name for name, _ in own[:3]]
        else:
            declared.initial = [own[0][0]]
            self.fields["primary"].required = False
            self.fields["primary"].help_text += " Leave empty if the design needs none."
            del self.fields["contrasts"]
        if not analysis.plans_pairs:
            del self.fields["gap_edges"]

    def clean_contrasts(self) -> tuple[tuple[str, str], ...]:
        """Read contrasts, one per line."""
        lines = [line.strip() for line in self.cleaned_data["contrasts"].splitlines()]
        return tuple(_contrast(i, line) for i, line in enumerate(lines, start=1) if line)

    def clean_gap_edges(self) -> tuple[float, ...]:
        """Read the edges."""
        try:
            edges = tuple(float(part) for part in self.cleaned_data["gap_edges"].split(","))
            return Plan(gap_edges=edges).gap_edges
        except ValueError as error:
            raise ValidationError(f"Enter numbers separated by commas: {error}.") from error

    def plan(self) -> Plan:
        """Return the plan of a valid form."""
        given: dict[str, Any] = self.cleaned_data
        return Plan(**{**given, "declared": tuple(given["declared"])})


def _contrast(number: int, line: str) -> tuple[str, str]:
    first, beside, second = (part.strip() for part in line.partition(_BESIDE))
    if not beside or not first or not second or first == second:
        raise ValidationError(
            f"Line {number}: write two scorers as “first vs second”, not “{line}”."
        )
    return first, second


class PresetForm(forms.ModelForm[Study]):
    """What a published design leaves open, with its defaults filled in; not saved."""

    methods = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, label="Whose explanations"
    )
    neurons = forms.IntegerField(
        min_value=1,
        max_value=20_000,
        initial=50,
        help_text="At most this many, sampled evenly over layers and scores.",
    )
    overlap = forms.IntegerField(min_value=1, label="Judgments per question")
    items_per_rater = forms.IntegerField(min_value=1, label="Questions per rater, at most")
    excerpts = forms.IntegerField(min_value=1, max_value=20, label="Excerpts per question")
    checks = ChecksField()
    rules = RulesField()
    field_order = ("title", "slug", "methods", "neurons")

    class Meta:
        model = Study
        fields = [
            *("title", "slug", "overlap", "items_per_rater", "excerpts", "catches"),
            *("repeats", "extra_overlap_share", "extra_overlap"),
            *("condition_assignment", "seed", "practises", "checks", "rules", "tells_raters"),
        ]

    def __init__(self, data: Any, *, preset: Preset, subject: Subject | None) -> None:
        super().__init__(data, instance=study_from_preset(preset))
        self.preset = preset
        self.subject = subject
        self.authors = {author.key: author for author in authors_of(subject)} if subject else {}
        self.fields["rules"].offer(preset)  # type: ignore[attr-defined]
        self._offer_methods()
        if preset.catch is None:
            del self.fields["catches"]
        if preset.practice is None:
            del self.fields["practises"]
        if not preset.needs.allows_between_raters:
            del self.fields["condition_assignment"]
        if not any(need.n == 0 for need in preset.needs.excerpts):
            del self.fields["excerpts"]
        elif preset.needs.images:
            self.fields["excerpts"].label = "Images of either kind per question"
        if subject:
            self.fields["subject"] = forms.CharField(initial=subject.pk, widget=forms.HiddenInput)

    def _offer_methods(self) -> None:
        least = self.preset.needs.conditions
        if not least:
            del self.fields["methods"]
            return
        field = self.fields["methods"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  it is declared above
        field.choices = [(key, author.name) for key, author in self.authors.items()]
        field.initial = list(self.authors)[: max(least, 2)]
        field.help_text = f"Tick at least {least}. Raters never see these names."

    def start(self, *, is_open: bool) -> Built:
        """Save and build the study of a valid form. StudyRefused: see `study_start`."""
        if self.subject is None:
            raise ValueError("a study is about a subject")
        data = self.cleaned_data
        return study_start(
            study=self.instance,
            subject=self.subject,
            methods=[self.authors[key].method for key in data.get("methods", ())],
            neurons=data["neurons"],
            is_open=is_open,
        )
