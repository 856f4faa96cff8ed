"""What a researcher fills in."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from explanations.models import Method, Subject
from explanations.records import NeuronRef
from studies.analysis.data.plan import Plan
from studies.analysis.results_report import DECLARABLE
from studies.design.references import parse_references
from studies.fields import ChecksField, RulesField, trust_of_preset
from studies.models import Condition, Study
from studies.presets.base import Preset
from studies.selectors.material import neurons_named
from studies.selectors.sampling import Author, authors_of
from studies.services.from_preset import Choices

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
        """Offer the rules of the study's design; a new study starts with them filled in."""
        preset = self.instance.design
        if "rules" in self.fields:
            self.fields["rules"].offer(preset)  # type: ignore[attr-defined]
        if self.instance._state.adding:
            self.initial.update(trust_of_preset(preset))

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


# --- Registration -----------------------------------------------------------------------------

_BESIDE = " vs "


class PlanForm(forms.Form):
    """What is decided before data are seen."""

    primary = forms.CharField(
        label="Primary scorer",
        widget=forms.TextInput(attrs={"list": "scorers", "size": 50}),
        help_text="The headline rests on it. Its name as on the results page",
    )
    contrasts = forms.CharField(
        required=False,
        label="Contrasts of scorers",
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "correlation vs detection"}),
        help_text="One a line; adjusted after Holm. Every other one is exploratory",
    )
    gap_edges = forms.CharField(
        label="Edges of the score gaps",
        initial="0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6",
        widget=forms.TextInput(attrs={"size": 50}),
        help_text="Increasing from zero; the last bin is open",
    )
    min_seconds = forms.FloatField(
        label="Exclude judgments given in less than",
        min_value=0,
        initial=0,
        help_text="seconds; 0 excludes none",
    )
    min_judgments = forms.IntegerField(
        label="Exclude raters with fewer judgments left than",
        min_value=0,
        initial=0,
        help_text="0 excludes none. There is no rule about what a rater answered",
    )
    declared = forms.MultipleChoiceField(
        required=False,
        label="Figures that are planned",
        widget=forms.CheckboxSelectMultiple,
        help_text="The results page marks all others as exploratory",
    )
    seed = forms.IntegerField(initial=0, help_text="For what is simulated")

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        """Offer what the study's design can declare."""
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
            self.fields["primary"].help_text += "; empty where the design needs none"
            del self.fields["contrasts"]
        if not analysis.plans_pairs:
            del self.fields["gap_edges"]

    def clean_contrasts(self) -> tuple[tuple[str, str], ...]:
        """Read one contrast a line."""
        lines = [line.strip() for line in self.cleaned_data["contrasts"].splitlines()]
        return tuple(_contrast(i, line) for i, line in enumerate(lines, start=1) if line)

    def clean_gap_edges(self) -> tuple[float, ...]:
        """Read the edges."""
        try:
            edges = tuple(float(part) for part in self.cleaned_data["gap_edges"].split(","))
            return Plan(gap_edges=edges).gap_edges
        except ValueError as error:
            raise ValidationError(f"Numbers with commas between them: {error}.") from error

    def plan(self) -> Plan:
        """Return the plan of a valid form."""
        given: dict[str, Any] = self.cleaned_data
        return Plan(**{**given, "declared": tuple(given["declared"])})


def _contrast(number: int, line: str) -> tuple[str, str]:
    first, beside, second = (part.strip() for part in line.partition(_BESIDE))
    if not beside or not first or not second or first == second:
        raise ValidationError(f"Line {number}: two scorers with “vs” between them, not “{line}”.")
    return first, second


class PresetForm(forms.Form):
    """What a published design leaves open, with its defaults filled in."""

    title = forms.CharField(
        max_length=200, help_text="Raters see it: it names nothing that is compared."
    )
    slug = forms.SlugField(help_text="Its name in addresses and exports.")
    methods = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, label="Whose explanations"
    )
    neurons = forms.IntegerField(
        min_value=1,
        max_value=20_000,
        initial=50,
        help_text="At most; drawn evenly over layers and scores.",
    )
    overlap = forms.IntegerField(min_value=1, label="Judgments for each question")
    items_per_rater = forms.IntegerField(min_value=1, label="Questions for each rater at most")
    excerpts = forms.IntegerField(min_value=1, max_value=20, label="Excerpts with each question")
    catches = forms.IntegerField(
        min_value=0,
        max_value=50,
        label="Catch trials for each hundred questions",
        help_text="Their answer is plain: they show who does not read.",
    )
    repeats = forms.IntegerField(
        min_value=0,
        max_value=50,
        initial=0,
        label="Repeats for each hundred questions",
        help_text="Asked a second time: they show who answers alike.",
    )
    extra_overlap_share = forms.IntegerField(
        min_value=0,
        max_value=100,
        initial=0,
        label="Questions for each hundred that are judged more often",
        help_text="They show how far raters agree, while the others cover more neurons.",
    )
    extra_overlap = forms.IntegerField(
        min_value=1, initial=10, label="Judgments for each of these", help_text="If there are any."
    )
    condition_assignment = forms.ChoiceField(
        choices=Study.ConditionAssignment.choices,
        initial=Study.ConditionAssignment.WITHIN,
        label="Conditions within or between raters",
    )
    seed = forms.IntegerField(initial=1, help_text="Every draw comes from it.")
    practises = forms.BooleanField(
        required=False,
        label="A question to practise on, with its answer told",
        help_text="Made up for this design: it gives away nothing of the others.",
    )
    checks = ChecksField()
    rules = RulesField()
    tells_raters = forms.BooleanField(
        required=False, initial=True, label="Tell a rater who is paused which rule it was"
    )

    def __init__(self, *args: Any, preset: Preset, subject: Subject | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.preset = preset
        self.subject = subject
        self.authors = authors_of(subject) if subject else []
        self._fill()
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
            self.fields["excerpts"].label = "Images of either kind with each question"
        if subject:
            self.fields["subject"] = forms.CharField(initial=subject.pk, widget=forms.HiddenInput)

    def _fill(self) -> None:
        """Fill in the design's own sizes, and a title that tells nothing."""
        preset = self.preset
        number = Study.objects.filter(preset=preset.name).count() + 1
        for name, value in {
            "title": "What does this unit respond to?",
            "slug": f"{preset.name}-{number}",
            "overlap": preset.overlap,
            "items_per_rater": preset.items_per_rater,
            "excerpts": preset.excerpts,
            "catches": preset.catches,
            **trust_of_preset(preset),
        }.items():
            self.fields[name].initial = value
        self.fields["rules"].offer(preset)  # type: ignore[attr-defined]

    def _offer_methods(self) -> None:
        needs = self.preset.needs
        if not needs.conditions:
            del self.fields["methods"]
            return
        field = self.fields["methods"]
        keys = [_author_key(author) for author in self.authors]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101  it is declared above
        field.choices = [(key, a.name) for key, a in zip(keys, self.authors, strict=True)]
        field.initial = keys[: max(needs.conditions, 2)]
        least = "one" if needs.conditions == 1 else "two"
        field.help_text = f"At least {least}. Raters never see these names."

    def clean_slug(self) -> str:
        """Refuse a name that is taken."""
        slug: str = self.cleaned_data["slug"]
        if Study.objects.filter(slug=slug).exists():
            raise ValidationError("Another study has this name.")
        return slug

    def clean(self) -> dict[str, Any]:
        """Refuse to judge less often what is to be judged more often."""
        data = super().clean() or self.cleaned_data
        if data.get("extra_overlap_share") and data.get("extra_overlap", 0) < data.get(
            "overlap", 0
        ):
            self.add_error("extra_overlap", "No fewer than for the other questions.")
        return data

    def choices(self) -> Choices:
        """Return what was decided."""
        data = self.cleaned_data
        by_key = {_author_key(author): author.method for author in self.authors}
        if self.subject is None:
            raise ValueError("a study is about some subject")
        return Choices(
            title=data["title"],
            slug=data["slug"],
            subject=self.subject,
            methods=[by_key[key] for key in data.get("methods", ())],
            neurons=data["neurons"],
            overlap=data["overlap"],
            items_per_rater=data["items_per_rater"],
            excerpts=data.get("excerpts", self.preset.excerpts),
            catches=data.get("catches", 0),
            repeats=data["repeats"],
            extra_overlap_share=data["extra_overlap_share"],
            extra_overlap=data["extra_overlap"],
            condition_assignment=data.get("condition_assignment", Study.ConditionAssignment.WITHIN),
            seed=data["seed"],
            rules=data["rules"],
            tells_raters=data["tells_raters"],
            checks=data["checks"],
            practises=data.get("practises", False),
        )


def _author_key(author: Author) -> str:
    return "people" if author.method is None else str(author.method.pk)
