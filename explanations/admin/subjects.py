"""Read-only pages of subjects, captures, neurons, methods, explanations and simulations."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse

from explanations.admin.readonly import ReadOnly, ReadOnlyAdmin
from explanations.admin.start_run import StartsRuns
from explanations.models import (
    Capture,
    Explanation,
    Method,
    Neuron,
    Score,
    Simulation,
    Subject,
)
from explanations.selectors.neurons import neuron_refs


@admin.register(Subject)
class SubjectAdmin(ReadOnlyAdmin[Subject]):
    list_display = ("name", "source", "hook", "dtype", "layers", "width", "in_database")
    search_fields = ("name", "source")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subject]:
        """Count neurons along with the rows."""
        return super().get_queryset(request).annotate(neuron_count=Count("neurons"))

    @admin.display(description="neurons here", ordering="neuron_count")
    def in_database(self, subject: Any) -> int:
        """Return the number of its neurons in the database."""
        return int(subject.neuron_count)


@admin.register(Capture)
class CaptureAdmin(ReadOnlyAdmin[Capture]):
    list_display = ("subject", "corpus", "window", "tokens", "seconds", "speed")
    list_filter = ("subject",)
    list_select_related = ("subject", "corpus")

    @admin.display(description="tokens a second")
    def speed(self, capture: Capture) -> str:
        """Return the capture's speed; empty before it is done."""
        return f"{capture.tokens / capture.seconds:,.0f}" if capture.seconds else ""


class ExplanationInline(ReadOnly, admin.TabularInline[Explanation, Neuron]):
    model = Explanation
    fields = ("text", "author_kind", "method")
    show_change_link = True
    can_delete = False
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Explanation]:
        """Read methods along with the rows."""
        return super().get_queryset(request).select_related("method")


@admin.register(Neuron)
class NeuronAdmin(StartsRuns, ReadOnlyAdmin[Neuron]):
    list_display = ("place", "subject", "maximum", "mean", "firing_rate", "said")
    list_filter = ("subject", "layer")
    list_select_related = ("subject",)
    search_fields = ("=index",)
    search_help_text = "layer/index, like 3/120, or an index"
    ordering = ("subject", "layer", "index")
    inlines = (ExplanationInline,)
    actions = ("start_run",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Neuron]:
        """Count explanations along with the rows."""
        return super().get_queryset(request).annotate(said_count=Count("explanations"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Neuron], search_term: str
    ) -> tuple[QuerySet[Neuron], bool]:
        """Search by place, such as `3/120`."""
        try:
            refs = neuron_refs(search_term)
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        first, last = refs[0], refs[-1]
        return queryset.filter(layer=first.layer, index__range=(first.index, last.index)), False

    @admin.action(description="Start a run over these neurons", permissions=["start"])
    def start_run(self, request: HttpRequest, rows: QuerySet[Neuron]) -> HttpResponse | None:
        """Redirect to the form of a run, with the neurons filled in."""
        return self.start_over(request, rows.values("pk"))

    @admin.display(description="neuron", ordering="index")
    def place(self, neuron: Neuron) -> str:
        """Return its layer and index."""
        return f"L{neuron.layer}/{neuron.index}"

    @admin.display(description="explanations", ordering="said_count")
    def said(self, neuron: Any) -> int:
        """Return its number of explanations."""
        return int(neuron.said_count)


@admin.register(Method)
class MethodAdmin(ReadOnlyAdmin[Method]):
    list_display = ("name", "version", "kind", "config", "digest_start")
    list_filter = ("kind", "name")
    search_fields = ("name", "digest")

    @admin.display(description="digest")
    def digest_start(self, method: Method) -> str:
        """Return the beginning of the digest."""
        return method.digest[:12]


class ScoreInline(ReadOnly, admin.TabularInline[Score, Explanation]):
    model = Score
    fields = ("method", "simulated_by", "value", "low", "high", "reason", "n")
    readonly_fields = ("simulated_by",)
    can_delete = False
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Score]:
        """Read methods along with the rows."""
        return super().get_queryset(request).select_related("method", "simulation__method")

    @admin.display(description="simulated by")
    def simulated_by(self, score: Score) -> str:
        """Return the simulator of the scored simulation."""
        return str(score.simulation.method) if score.simulation else ""


@admin.register(Explanation)
class ExplanationAdmin(StartsRuns, ReadOnlyAdmin[Explanation]):
    list_display = ("text", "neuron", "author_kind", "method", "scored")
    list_filter = ("author_kind", "method", "neuron__subject")
    list_select_related = ("neuron__subject", "method")
    search_fields = ("text",)
    # Hundreds of records are no use as a list of names.
    exclude = ("shown",)
    inlines = (ScoreInline,)
    actions = ("start_run",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Explanation]:
        """Read scores along with the rows."""
        rows: QuerySet[Explanation] = super().get_queryset(request)
        return rows.prefetch_related("scores__method")

    @admin.action(description="Start a run over their neurons", permissions=["start"])
    def start_run(self, request: HttpRequest, rows: QuerySet[Explanation]) -> HttpResponse | None:
        """Redirect to the form of a run, with the explained neurons filled in."""
        return self.start_over(request, rows.values("neuron"))

    @admin.display(description="scores")
    def scored(self, explanation: Explanation) -> str:
        """Return its scores in one line."""
        return ", ".join(
            f"{score.method.name} {'undefined' if score.value is None else f'{score.value:.2f}'}"
            for score in explanation.scores.all()
        )


@admin.register(Simulation)
class SimulationAdmin(ReadOnlyAdmin[Simulation]):
    list_display = ("explanation", "method", "scale")
    list_filter = ("method",)
    list_select_related = ("explanation", "method")
    search_fields = ("explanation__text",)
