"""Batches, items, assignments and judgments, read-only: services create and change them."""

from typing import Any, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import now

from annotation.admin.forms import RECRUITING, AccountForm, BatchForm
from annotation.models import Assignment, Batch, Enrolment, Exclusion, Item, Judgment, Rater
from annotation.protocols import PROTOCOLS
from annotation.selectors.batches import batch_progress
from annotation.services.accounts import rater_shut_out
from annotation.services.trust import exclusion_lift

M = TypeVar("M", bound=Model)


class ReadOnlyAdmin(admin.ModelAdmin[M]):
    """Shows rows; cannot add, change or delete any."""

    related: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        rows: QuerySet[M] = super().get_queryset(request)
        return rows.select_related(*self.related) if self.related else rows


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin[Batch]):
    list_display = ("title", "protocol", "state", "progress", "invitation")
    list_filter = ("state", "protocol")
    search_fields = ("title",)
    settable = ("rules", "tells_raters", "entry", "lease_seconds", "open_to_accounts")
    form = BatchForm

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show first what can still be set, by topic."""
        if not self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        fixed = self.get_readonly_fields(request, obj)
        return [
            ("Recruiting", {"fields": RECRUITING}),
            ("Quality checks", {"fields": ("rules", "tells_raters", "entry")}),
            ("Built and fixed", {"fields": fixed, "classes": ["collapse"]}),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rules and entry can be changed until the first rater enrols."""
        if obj is not None and obj.enrolments.exists():
            return False
        return request.user.has_perm("annotation.change_batch")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        names = [field.name for field in Batch._meta.fields if field.name not in self.settable]
        return (*names, "progress", "invitation")

    @admin.display(description="judgments")
    def progress(self, batch: Batch) -> str:
        """Return how many of the wanted judgments there are."""
        progress = batch_progress(batch)
        synthetic = f", {progress.synthetic_raters} synthetic" if progress.synthetic_raters else ""
        raters = f"{progress.raters} rater{pluralize(progress.raters)}"
        return f"{progress.given} of {progress.wanted} by {raters}{synthetic}"

    @admin.display(description="invitation link")
    def invitation(self, batch: Batch) -> str:
        """Return the link to send to raters."""
        if batch.state == Batch.State.DRAFT:
            return "not open yet"
        address = reverse("annotation:invitation", args=[batch.token])
        return format_html('<a href="{}">{}</a>', address, address)


@admin.register(Rater)
class RaterAdmin(ReadOnlyAdmin[Rater]):
    list_display = ("__str__", "user", "external", "synthetic", "created")
    list_filter = ("synthetic",)
    search_fields = ("user__username",)
    related = ("user",)
    form = AccountForm
    actions = ["shut_out"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Offer to create a rater with an account; others enrol themselves."""
        return request.user.has_perm("annotation.add_rater")

    def has_shut_out_permission(self, request: HttpRequest) -> bool:
        """Require the permission to change raters."""
        return request.user.has_perm("annotation.change_rater")

    @admin.action(description="Log these raters out of all browsers", permissions=["shut_out"])
    def shut_out(self, request: HttpRequest, raters: QuerySet[Rater]) -> None:
        """Log out raters with an account; their password still works."""
        for rater in raters.filter(user__isnull=False):
            rater_shut_out(rater=rater)
        self.message_user(request, "Raters with an account have to log in again.")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Ask for a name and a password for a new rater; show an existing one."""
        return ("user", "external", "synthetic", "created") if obj else ("name", "password")


@admin.register(Item)
class ItemAdmin(ReadOnlyAdmin[Item]):
    list_display = ("batch", "position", "overlap", "claims", "order_balance", "is_catch")
    list_filter = ("batch",)
    fields = (
        *("batch", "position", "overlap", "claims", "order_balance", "preview", "payload_version"),
        *("gold", "is_catch", "repeats"),
    )
    readonly_fields = ("preview",)
    related = ("batch",)

    class Media:
        css = {"all": ["css/heat.css"]}

    @admin.display(description="what a rater is shown")
    def preview(self, item: Item) -> str:
        """Return the payload as text with marks, in the order of the keys."""
        payload = PROTOCOLS[item.batch.protocol].read(item.payload)
        options = zip(payload.keys, payload.in_order(payload.keys), strict=True)
        context = {"payload": payload, "options": options}
        return render_to_string("annotation/preview.html", context)


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin[Enrolment]):
    list_display = (
        "batch",
        "rater",
        "ordinal",
        "consent_version",
        "consented",
        "finished",
        "paused",
    )
    list_filter = ("batch", "rater__synthetic")
    related = ("batch", "rater")


@admin.register(Exclusion)
class ExclusionAdmin(ReadOnlyAdmin[Exclusion]):
    list_display = ("enrolment", "rule", "value", "limit", "n", "at", "pauses", "lifted")
    list_filter = ("rule", "enrolment__batch")
    related = ("enrolment__batch", "enrolment__rater")
    actions = ["lift"]

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """Require the permission to change exclusions."""
        return request.user.has_perm("annotation.change_exclusion")

    @admin.action(description="Let these raters continue", permissions=["lift"])
    def lift(self, request: HttpRequest, exclusions: QuerySet[Exclusion]) -> None:
        """Lift the exclusions; they stay on record, with the name of who lifted them."""
        for exclusion in exclusions:
            exclusion_lift(exclusion=exclusion, reason=f"in the admin, by {request.user}", at=now())
        n = len(exclusions)
        self.message_user(request, f"{n} exclusion{pluralize(n)} lifted; still on record.")


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyAdmin[Assignment]):
    list_display = ("item", "rater", "state", "claimed", "ended", "skip_reason")
    list_filter = ("state", "item__batch", "rater__synthetic")
    related = ("item__batch", "rater")


@admin.register(Judgment)
class JudgmentAdmin(ReadOnlyAdmin[Judgment]):
    list_display = ("assignment", "answer", "seconds", "submitted", "is_superseded")
    list_filter = ("assignment__item__batch", "assignment__rater__synthetic")
    related = ("assignment__item__batch", "assignment__rater", "superseded_by")

    @admin.display(boolean=True, description="superseded")
    def is_superseded(self, judgment: Judgment) -> bool:
        """Return whether a later answer replaced it."""
        return hasattr(judgment, "superseded_by")
