"""A subject in the admin: who may look around in it, and where."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from explanations.admin import SubjectAdmin
from explanations.models import Subject

admin.site.unregister(Subject)


@admin.register(Subject)
class BrowsedSubjectAdmin(SubjectAdmin):
    """Shows a subject as it is; who may look around in it is the one thing to decide."""

    list_filter = ("audience",)
    change_form_template = "admin/studies/subject/change_form.html"

    class Media:
        css = {"all": ["css/study-admin.css"]}
        js = [forms.Script("js/study-admin.js", type="module")]

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """Say of each subject who may look."""
        return (*super().get_list_display(request), "audience")

    def has_change_permission(self, request: HttpRequest, obj: Subject | None = None) -> bool:
        """Let those decide who may change subjects."""
        return request.user.has_perm("explanations.change_subject")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Subject | None = None
    ) -> tuple[str, ...]:
        """Keep what a capture or an import said of it."""
        names = (field.name for field in Subject._meta.fields if field.editable)
        return tuple(name for name in names if name not in ("id", "audience"))
