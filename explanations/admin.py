"""Subjects, neurons, explanations, methods and runs, to look at; failed work can be tried again."""

from typing import Any, TypeVar

from django.contrib import admin, messages
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from explanations import selectors, services
from explanations.models import (
    Capture,
    Explanation,
    Method,
    Neuron,
    Run,
    Score,
    Simulation,
    Subject,
    Target,
)

M = TypeVar("M", bound=Model)


class ReadOnly:
    """Grants looking, and nothing else."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, admin.ModelAdmin[M]):
    """Shows rows; adds, changes and deletes none."""


@admin.register(Subject)
class SubjectAdmin(ReadOnlyAdmin[Subject]):
    list_display = ("name", "source", "hook", "dtype", "layers", "width", "in_database")
    search_fields = ("name", "source")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subject]:
        """Count neurons along with the rows."""
        return super().get_queryset(request).annotate(neuron_count=Count("neurons"))

    @admin.display(description="neurons here", ordering="neuron_count")
    def in_database(self, subject: Any) -> int:
        """Return how many of its neurons the database holds."""
        return int(subject.neuron_count)


@admin.register(Capture)
class CaptureAdmin(ReadOnlyAdmin[Capture]):
    list_display = ("subject", "corpus", "window", "tokens", "seconds", "speed")
    list_filter = ("subject",)
    list_select_related = ("subject", "corpus")

    @admin.display(description="tokens a second")
    def speed(self, capture: Capture) -> str:
        """Return how fast it went; empty before it is done."""
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
class NeuronAdmin(ReadOnlyAdmin[Neuron]):
    list_display = ("place", "subject", "maximum", "mean", "firing_rate", "said")
    list_filter = ("subject", "layer")
    list_select_related = ("subject",)
    search_fields = ("=index",)
    search_help_text = "layer/index, like 3/120, or an index"
    ordering = ("subject", "layer", "index")
    inlines = (ExplanationInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Neuron]:
        """Count explanations along with the rows."""
        return super().get_queryset(request).annotate(said_count=Count("explanations"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Neuron], search_term: str
    ) -> tuple[QuerySet[Neuron], bool]:
        """Understand `3/120`."""
        try:
            refs = selectors.neuron_refs(search_term)
        except ValueError:
            return super().get_search_results(request, queryset, search_term)
        first, last = refs[0], refs[-1]
        return queryset.filter(layer=first.layer, index__range=(first.index, last.index)), False

    @admin.display(description="neuron", ordering="index")
    def place(self, neuron: Neuron) -> str:
        """Return where it is."""
        return f"L{neuron.layer}/{neuron.index}"

    @admin.display(description="explanations", ordering="said_count")
    def said(self, neuron: Any) -> int:
        """Return how many explanations it has."""
        return int(neuron.said_count)


@admin.register(Method)
class MethodAdmin(ReadOnlyAdmin[Method]):
    list_display = ("name", "version", "kind", "config", "digest_start")
    list_filter = ("kind", "name")
    search_fields = ("name", "digest")

    @admin.display(description="digest")
    def digest_start(self, method: Method) -> str:
        """Return enough of the digest to tell configurations apart."""
        return method.digest[:12]


class ScoreInline(ReadOnly, admin.TabularInline[Score, Explanation]):
    model = Score
    fields = ("method", "simulated_by", "value", "reason", "n")
    readonly_fields = ("simulated_by",)
    can_delete = False
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Score]:
        """Read methods along with the rows."""
        return super().get_queryset(request).select_related("method", "simulation__method")

    @admin.display(description="simulated by")
    def simulated_by(self, score: Score) -> str:
        """Return the simulator behind a score."""
        return str(score.simulation.method) if score.simulation else ""


@admin.register(Explanation)
class ExplanationAdmin(ReadOnlyAdmin[Explanation]):
    list_display = ("text", "neuron", "author_kind", "method", "scored")
    list_filter = ("author_kind", "method", "neuron__subject")
    list_select_related = ("neuron__subject", "method")
    search_fields = ("text",)
    # Hundreds of records are no use as a list of names.
    exclude = ("shown",)
    inlines = (ScoreInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Explanation]:
        """Read scores along with the rows."""
        rows: QuerySet[Explanation] = super().get_queryset(request)
        return rows.prefetch_related("scores__method")

    @admin.display(description="scores")
    def scored(self, explanation: Explanation) -> str:
        """Return its scores in short."""
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


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run]):
    list_display = ("pk", "__str__", "queue", "progress", "failed", "created", "finished")
    list_filter = ("kind", "queue", ("finished", admin.EmptyFieldListFilter))
    list_select_related = ("method", "capture__subject", "capture__corpus")
    readonly_fields = ("progress", "failed", "failures")
    actions = ("retry_failures",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """Count targets along with the rows."""
        rows: QuerySet[Run] = super().get_queryset(request)
        return rows.annotate(
            target_count=Count("targets"),
            done_count=Count("targets", filter=Q(targets__state=Target.State.DONE)),
            failed_count=Count("targets", filter=Q(targets__state=Target.State.FAILED)),
        )

    @admin.display(description="progress")
    def progress(self, run: Any) -> SafeString:
        """Return a bar with its numbers beside it."""
        ended = run.done_count + run.failed_count
        return format_html(
            '<progress max="{}" value="{}"></progress> {} of {}',
            max(run.target_count, 1),
            ended,
            ended,
            run.target_count,
        )

    @admin.display(description="failed", ordering="failed_count")
    def failed(self, run: Any) -> str | int:
        """Return how many failed, as a link to them."""
        if not run.failed_count:
            return 0
        address = reverse("admin:explanations_target_changelist")
        query = f"run__id__exact={run.pk}&state__exact=failed"
        return format_html('<a href="{}?{}">{}</a>', address, query, run.failed_count)

    @admin.display(description="why")
    def failures(self, run: Run) -> str:
        """Return the reasons, the commonest first."""
        reasons = selectors.run_reasons(run.pk).items()
        return format_html_join("", "<div>{} × {}</div>", ((n, reason) for reason, n in reasons))

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Let those retry who may change runs, though no run is changed by hand."""
        return request.user.has_perm("explanations.change_run")

    @admin.action(description="Retry failures", permissions=["retry"])
    def retry_failures(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        """Open the failed targets of the chosen runs again."""
        keys = list(runs.values_list("pk", flat=True))
        opened = sum(services.run_retry_failures(run_id=key) for key in keys)
        said = f"{opened} failed targets are open again." if opened else "Nothing had failed."
        self.message_user(request, said, messages.SUCCESS if opened else messages.INFO)


@admin.register(Target)
class TargetAdmin(ReadOnlyAdmin[Target]):
    list_display = ("about", "run", "state", "reason", "attempts", "finished")
    list_filter = ("state", "run__kind", "method")
    list_select_related = (
        "run__method",
        "run__capture__subject",
        "run__capture__corpus",
        "neuron__subject",
        "explanation",
        "simulation__explanation",
        "simulation__method",
    )
    search_fields = ("reason",)

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow a run's targets to be linked to."""
        return lookup == "run__id__exact" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Keep it out of the index: it is reached from a run."""
        return {}
