"""A subject in the admin, and who may browse it."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from explanations.admin import SubjectAdmin
from explanations.models import Subject

admin.site.unregister(Subject)


@admin.register(Subject)
class BrowsedSubjectAdmin(SubjectAdmin):
    """A read-only subject; only its audience can be changed."""

    list_filter = ("audience",)
    change_form_template = "admin/studies/subject/change_form.html"

    class Media:
        css = {"all": ["css/study-admin.css"]}
        js = [forms.Script("js/study-admin.js", type="module")]

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Show each subject's audience."""
        return (*super().get_list_display(request), "audience")

    def has_change_permission(self, request: HttpRequest, obj: Subject | None = None) -> bool:
        """Allow it with the permission to change subjects."""
        return request.user.has_perm("explanations.change_subject")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Subject | None = None
    ) -> tuple[str, ...]:
        """Make everything read-only except the audience."""
        names = (field.name for field in Subject._meta.fields if field.editable)
        return tuple(name for name in names if name not in ("id", "audience"))
