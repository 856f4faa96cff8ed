"""The form of a study, below a panel with its state and the next steps."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from annotation.entry import Check
from annotation.quality import read_rules
from explanations.models import PERSON, Method, Neuron
from studies.admin.actions import ACTIONS, Confirmation, confirmation, panel
from studies.admin.neurons import neurons_page
from studies.admin.registering import registering_page
from studies.admin.starting import presets_page, start_page
from studies.analysis.report.wording import counted
from studies.design.trust import in_words, written_checks
from studies.forms import ConditionFormSet, StudyForm
from studies.models import Condition, Study
from studies.selectors.registrations import registration_of
from studies.services.errors import StudyRefused
from studies.services.neurons import neurons_add

_SIZES = ("overlap", "items_per_rater", "excerpts", "ask_confidence", "seed")
_PAIRS = ("pairing", "pairs_per_neuron", "budget", "random_share")
_DEALING = ("condition_assignment", "extra_overlap_share", "extra_overlap", "catches", "repeats")
_DESIGN = (*_PAIRS, *_DEALING)
_TEXTS = ("language", "consent", "instructions")
_TRUST = ("rules", "tells_raters", "checks", "practises")
_TRUST_BUILT = ("rules_set", "tells_raters", "checks_set", "practises")


class NeuronSelect(AutocompleteSelectMultiple):
    """An autocomplete field for neurons."""

    url_name = "%s:studies_neuron_search"


class NeuronSearch(AutocompleteJsonView):
    """Search results in the order of layers and indices."""

    def get_queryset(self) -> QuerySet[Neuron]:
        """Return neurons with their subjects."""
        found: QuerySet[Neuron] = super().get_queryset().select_related("subject")
        return found.order_by("subject__name", "layer", "index")


def is_draft(study: Study | None) -> bool:
    """Return whether a study can still be changed."""
    return study is None or study.state == Study.State.DRAFT


class ConditionInline(admin.TabularInline[Condition, Study]):
    model = Condition
    formset = ConditionFormSet
    extra = 0
    min_num = 2
    verbose_name_plural = "Conditions (what is compared; raters never see these names)"
    empty_value_display = "written by people"

    def get_formset(self, request: HttpRequest, obj: Study | None = None, **kwargs: Any) -> Any:
        """Offer explainers, and name the empty choice."""
        formset = super().get_formset(request, obj, **kwargs)
        field = formset.form.base_fields.get("method")
        if isinstance(field, forms.ModelChoiceField):
            field.empty_label = "written by people"
            field.queryset = Method.objects.filter(kind=Method.Kind.EXPLAINER).exclude(
                config__has_key=PERSON
            )
        return formset

    def has_add_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        """Allow it for drafts only."""
        return super().has_add_permission(request, obj) and is_draft(obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow it for drafts only."""
        return super().has_change_permission(request, obj) and is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow it for drafts only."""
        return super().has_delete_permission(request, obj) and is_draft(obj)


@admin.register(Study)
class StudyAdmin(admin.ModelAdmin[Study]):
    inlines = [ConditionInline]
    list_display = ["title", "slug", "state", "created"]
    list_filter = ["state"]
    search_fields = ["title", "slug"]
    prepopulated_fields = {"slug": ["title"]}
    formfield_overrides = {models.TextField: {"widget": forms.Textarea(attrs={"rows": 3})}}

    class Media:
        css = {"all": ["css/study-admin.css"]}
        js = [forms.Script("js/study-admin.js", type="module")]

    def get_inlines(self, request: HttpRequest, obj: Study | None) -> Any:
        """Show conditions if the design has any."""
        return self.inlines if obj is None or obj.design.needs.conditions else []

    # --- The form -----------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Study | None = None) -> Any:
        """Return the sections; neurons can only be added to drafts."""
        picking = [*(["pick"] if self._can_search() else []), ("subject", "references")]
        return [
            (None, {"fields": [("title", "slug"), "question"]}),
            *([("Neurons to add", {"fields": picking})] if is_draft(obj) else []),
            (
                "What raters do",
                {"fields": [_SIZES[:3], *self._asks(obj), "seed", *self._adopts(obj)]},
            ),
            (
                "Design",
                {
                    "fields": [_PAIRS[:2], _PAIRS[2:], _DEALING[:3], _DEALING[3:]],
                    "classes": ["collapse"],
                },
            ),
            ("What raters read", {"fields": _TEXTS, "classes": ["collapse"]}),
            (
                "Quality checks",
                {
                    "fields": _TRUST if is_draft(obj) else _TRUST_BUILT,
                    "classes": ["collapse"],
                },
            ),
        ]

    def _asks(self, study: Study | None) -> list[str]:
        """Confidence is a choice in comparisons only; other designs define it."""
        return ["ask_confidence"] if study is None or study.compares else []

    def _adopts(self, study: Study | None) -> list[str]:
        return ["adopts"] if study and study.protocol_analysis.adopts else []

    def _can_search(self) -> bool:
        neurons = self.admin_site._registry.get(Neuron)
        return bool(neurons and neurons.search_fields)

    def get_form(
        self, request: HttpRequest, obj: Study | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Add an empty search field for neurons; those picked before stay."""
        if is_draft(obj):
            kwargs["form"] = type("StudyAdminForm", (StudyForm,), {"pick": self._pick()})
        return super().get_form(request, obj, change=change, **kwargs)

    def _pick(self) -> forms.Field:
        return forms.ModelMultipleChoiceField(
            queryset=Neuron.objects.select_related("subject"),
            required=False,
            label="Search",
            widget=NeuronSelect(Study.neurons.field, self.admin_site),
            help_text="Type layer/index, such as 3/120, and choose. They are added when you save.",
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Study | None = None) -> list[str]:
        """Make the design read-only once it is built."""
        fixed = [*_SIZES, *_DESIGN, *_TEXTS, *_TRUST_BUILT]
        return [] if is_draft(obj) else ["title", "slug", *fixed]

    @admin.display(description="Quality rules for raters")
    def rules_set(self, study: Study) -> str:
        """Return the rules in words."""
        return "\n".join(map(in_words, read_rules(study.rules))) or "None"

    @admin.display(description="Comprehension questions")
    def checks_set(self, study: Study) -> str:
        """Return the questions as text."""
        return written_checks(map(Check.from_json, study.checks)) or "None"

    def get_prepopulated_fields(self, request: HttpRequest, obj: Study | None = None) -> Any:
        """Fill in the slug of drafts."""
        return super().get_prepopulated_fields(request, obj) if is_draft(obj) else {}

    def has_delete_permission(self, request: HttpRequest, obj: Study | None = None) -> bool:
        """Allow deletion only of drafts that aren't registered: other studies may have answers."""
        frozen = obj is not None and registration_of(obj) is not None
        return super().has_delete_permission(request, obj) and is_draft(obj) and not frozen

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer no bulk deletion."""
        return {}

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Add the neurons that were picked or referenced."""
        super().save_related(request, form, formsets, change)
        picked = [neuron.pk for neuron in form.cleaned_data.get("pick") or ()]
        wanted = [*picked, *getattr(form, "neurons_to_add", ())]
        if wanted:
            added = neurons_add(study=form.instance, neurons=wanted)
            self.message_user(request, f"{counted(added, 'neuron')} added.", messages.SUCCESS)

    def response_add(
        self, request: HttpRequest, obj: Study, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Go to the new study: building it is the next step."""
        if "_addanother" in request.POST or "_popup" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        self.message_user(request, "Saved. Add neurons, then build it.", messages.SUCCESS)
        return HttpResponseRedirect(_change_url(obj))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add the panel's context."""
        study: Study | None = context.get("original")
        if study is not None:
            context |= panel(request, study)
        return super().render_change_form(request, context, *args, **kwargs)

    # --- The panel ----------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Add the panel's buttons and the list of neurons."""
        view = self.admin_site.admin_view
        search = NeuronSearch.as_view(admin_site=self.admin_site)
        return [
            path("start/", view(self.presets), name="studies_study_presets"),
            path("start/<slug:name>/", view(self.start), name="studies_study_start"),
            path("<int:pk>/do/<slug:action>/", view(self.act), name="studies_study_act"),
            path("<int:pk>/neurons/", view(self.neurons), name="studies_study_neurons"),
            path("<int:pk>/register/", view(self.register), name="studies_study_register"),
            path("neuron-search/", view(search), name="studies_neuron_search"),
            *super().get_urls(),
        ]

    def act(self, request: HttpRequest, pk: int, action: str) -> HttpResponse:
        """Perform a button's action, after a confirmation if others will notice it."""
        study = self._changeable(request, pk)
        if request.method != "POST" or action not in ACTIONS:
            return HttpResponseNotAllowed(["POST"])
        ask = None if "confirmed" in request.POST else confirmation(study, action)
        if ask:
            return self._ask(request, study, action, ask)
        try:
            done = ACTIONS[action](request, study)
        except StudyRefused as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            self.log_change(request, study, done)
            self.message_user(request, done, messages.SUCCESS)
        return HttpResponseRedirect(_change_url(study))

    def neurons(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show or remove the study's neurons."""
        return neurons_page(request, self._changeable(request, pk), self._context(request))

    def register(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Register the design and the analysis plan."""
        return registering_page(request, self._changeable(request, pk), self._context(request))

    def presets(self, request: HttpRequest) -> HttpResponse:
        """List the published designs."""
        self._require_adding(request)
        return presets_page(request, self._context(request))

    def start(self, request: HttpRequest, name: str) -> HttpResponse:
        """Start a study from one of them."""
        self._require_adding(request)
        return start_page(request, name, self._context(request))

    def _require_adding(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied

    def _changeable(self, request: HttpRequest, pk: int) -> Study:
        study = get_object_or_404(Study.objects.select_related("batch"), pk=pk)
        if not self.has_change_permission(request, study):
            raise PermissionDenied
        return study

    def _ask(
        self, request: HttpRequest, study: Study, action: str, ask: Confirmation
    ) -> HttpResponse:
        context = self._context(request) | {
            "title": ask.question,
            "confirmation": ask,
            "study": study,
            "action": action,
        }
        return TemplateResponse(request, "admin/studies/study/confirm.html", context)

    def _context(self, request: HttpRequest) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}


def _change_url(study: Study) -> str:
    return reverse("admin:studies_study_change", args=[study.pk])
