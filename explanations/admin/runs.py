"""Runs in the admin: progress, cost of calls, resume and retry."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.forms import Script
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.defaultfilters import truncatechars
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import ngettext

from explanations.admin.readonly import ReadOnlyAdmin
from explanations.admin.start_run import choose, start
from explanations.forms import ResumeForm
from explanations.models import Call, Run, Target
from explanations.selectors.calls import call_totals
from explanations.selectors.labels import run_title
from explanations.selectors.runs import run_progress, run_reasons, run_undefined
from explanations.services.budgets import RunRefused
from explanations.services.runs import run_resume, run_retry_failures


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin[Run]):
    list_display = ("pk", "does", "queue", "progress", "failed", "spent", "state", "created")
    list_filter = ("kind", "queue", ("finished", admin.EmptyFieldListFilter))
    list_select_related = ("method", "capture__subject", "capture__corpus")
    fields = ("kind", "method", "settings", "capture", "queue", "created", "started", "finished")
    readonly_fields = ("settings",)
    actions = ("retry_failures",)

    class Media:
        css = {"all": ["css/study-admin.css", "css/run-admin.css"]}
        js = [Script("js/run-admin.js", type="module")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """Count targets along with the rows."""
        rows: QuerySet[Run] = super().get_queryset(request)
        return rows.annotate(
            target_count=Count("targets"),
            done_count=Count("targets", filter=Q(targets__state=Target.State.DONE)),
            failed_count=Count("targets", filter=Q(targets__state=Target.State.FAILED)),
        )

    # --- Columns ------------------------------------------------------------------------------

    @admin.display(description="run")
    def does(self, run: Run) -> str:
        """Return the method's label, with the settings that differ from its defaults."""
        return run_title(run)

    @admin.display(description="progress")
    def progress(self, run: Any) -> SafeString:
        """Return a progress bar and its numbers."""
        ended = run.done_count + run.failed_count
        return format_html(
            '<progress max="{}" value="{}" data-run="{}" aria-label="done and failed"></progress> '
            "<span>{} of {}</span>",
            max(run.target_count, 1),
            ended,
            "" if run.finished else run.pk,
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

    @admin.display(description="spent", ordering="dollars")
    def spent(self, run: Run) -> str:
        """Return the cost of its calls and its budget; empty if neither is known."""
        if run.budget is None:
            return f"${run.dollars:,.4f}" if run.dollars else ""
        return f"${run.dollars:,.4f} of ${run.budget:,.2f}"

    @admin.display(description="state")
    def state(self, run: Run) -> str:
        """Return whether the run is finished, halted or in progress."""
        if run.finished:
            return "finished"
        return "halted" if run.halted else "open"

    @admin.display(description="settings")
    def settings(self, run: Run) -> str:
        """Return the method's settings in one line."""
        config = run.method.config if run.method else {}
        return ", ".join(f"{name}={value}" for name, value in config.items()) or "none"

    # --- Pages --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """Add the pages that start, resume and retry runs."""
        view, site = self.admin_site.admin_view, self.admin_site
        return [
            path("start/", view(choose), {"site": site}, name="explanations_run_start"),
            path(
                "start/<slug:kind>/<slug:method>/",
                view(start),
                {"site": site},
                name="explanations_run_start_method",
            ),
            path("<int:pk>/resume/", view(self.resume), name="explanations_run_resume"),
            path("<int:pk>/retry/", view(self.retry), name="explanations_run_retry"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Tell the template whether the user may start a run."""
        may = {"may_start": request.user.has_perm("explanations.add_run")}
        return super().changelist_view(request, {**(extra_context or {}), **may})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the progress above the fields."""
        run: Run | None = context.get("original")
        if run is not None:
            context |= {
                "progress": run_progress(run.pk),
                "calls": call_totals(run.pk),
                "reasons": run_reasons(run.pk),
                "undefined": run_undefined(run.pk),
                "may_change": self.has_retry_permission(request),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def resume(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Set a new budget and resume a run."""
        self._check(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        form = ResumeForm(request.POST)
        try:
            if not form.is_valid():
                raise RunRefused("budget", "Enter the budget as an amount in US dollars.")
            run_resume(run_id=pk, budget=form.cleaned_data["budget"])
        except RunRefused as refusal:
            self.message_user(request, f"Not resumed: {refusal}", messages.ERROR)
        else:
            self.message_user(request, "The run was resumed.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:explanations_run_change", args=[pk]))

    def retry(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Retry a run's failed targets."""
        self._check(request, pk)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._retry(request, [pk])
        return HttpResponseRedirect(reverse("admin:explanations_run_change", args=[pk]))

    def _check(self, request: HttpRequest, pk: int) -> None:
        if not self.has_retry_permission(request):
            raise PermissionDenied
        if not Run.objects.filter(pk=pk).exists():
            raise Http404

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Return whether a user may retry runs; runs cannot be edited by hand."""
        return request.user.has_perm("explanations.change_run")

    @admin.action(description="Retry failures", permissions=["retry"])
    def retry_failures(self, request: HttpRequest, runs: QuerySet[Run]) -> None:
        """Retry the failed targets of the chosen runs."""
        self._retry(request, list(runs.values_list("pk", flat=True)))

    def _retry(self, request: HttpRequest, runs: list[int]) -> None:
        opened = sum(run_retry_failures(run_id=run) for run in runs)
        text = ngettext(
            "%d failed target will be retried.", "%d failed targets will be retried.", opened
        )
        if opened:
            self.message_user(request, text % opened, messages.SUCCESS)
        else:
            self.message_user(request, "No target has failed.", messages.INFO)


class ReachedFromARun:
    """Rows that are listed for one run and left out of the admin's index."""

    run_lookup: str

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow a run's rows to be linked to."""
        return lookup == self.run_lookup or super().lookup_allowed(lookup, value, request)  # type: ignore[misc]

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Leave the model out of the index: it is reached from a run."""
        return {}


@admin.register(Target)
class TargetAdmin(ReachedFromARun, ReadOnlyAdmin[Target]):
    run_lookup = "run__id__exact"
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


@admin.register(Call)
class CallAdmin(ReachedFromARun, ReadOnlyAdmin[Call]):
    run_lookup = "target__run__id__exact"
    list_display = (
        *("about", "place", "model", "outcome", "tokens_in", "tokens_out"),
        *("cost", "wait", "set_aside"),
    )
    list_filter = ("void", ("reply", admin.EmptyFieldListFilter), "model")
    list_select_related = (
        "target__neuron__subject",
        "target__explanation",
        "target__simulation__explanation",
        "target__simulation__method",
    )
    search_fields = ("reason",)
    show_full_result_count = False
    # Thousands of numbers are no use as a text.
    exclude = ("logprobs",)

    @admin.display(description="target", ordering="target")
    def about(self, call: Call) -> str:
        """Return the target of the call."""
        return call.target.about

    @admin.display(description="outcome")
    def outcome(self, call: Call) -> str:
        """Return the beginning of the answer, or the reason for the failure."""
        return truncatechars(
            call.reason if call.reply is None else call.reply.get("text", "numbers"), 80
        )

    @admin.display(description="dollars", ordering="dollars")
    def cost(self, call: Call) -> str:
        """Return the call's cost; a model may have no price."""
        return "no price" if call.dollars is None else f"{call.dollars:.6f}"

    @admin.display(description="seconds", ordering="seconds")
    def wait(self, call: Call) -> str:
        """Return how long the answer took."""
        return f"{call.seconds:.2f}"

    @admin.display(description="note", ordering="void")
    def set_aside(self, call: Call) -> str:
        """Return a note on a call that is no longer used."""
        return "replaced by a later call" if call.void else ""
