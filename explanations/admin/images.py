"""Upload zips of images and see what was imported."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from explanations.admin.readonly import ReadOnlyAdmin
from explanations.forms import ImagesForm
from explanations.models import ImageImport
from explanations.services import image_imports

_LOOK_AGAIN = "2"
"""Seconds after which a browser asks how far it is."""


@admin.register(ImageImport)
class ImageImportAdmin(ReadOnlyAdmin[ImageImport]):
    list_display = ("name", "subject", "outcome", "sender", "created")
    list_select_related = ("sender",)
    fields = ("name", "subject", "sender", "created", "finished")

    class Media:
        css = {"all": ["css/study-admin.css", "css/run-admin.css"]}

    @admin.display(description="outcome")
    def outcome(self, taken: ImageImport) -> str:
        """Return the import's outcome, or its progress."""
        if taken.counts is not None:
            return f"{taken.counts['images']:,} images came in"
        if taken.faults:
            return f"refused; problems: {len(taken.faults.splitlines()):,}"
        return f"{taken.done:,} of {taken.total:,} decoded" if taken.total else "waits"

    def get_urls(self) -> list[URLPattern]:
        """Add the upload page."""
        view = self.admin_site.admin_view(self.send)
        return [path("send/", view, name="explanations_imageimport_send"), *super().get_urls()]

    def may_send(self, request: HttpRequest) -> bool:
        """Return whether a user may upload images; imports cannot be added by hand."""
        return request.user.has_perm("explanations.add_imageimport")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Tell the template whether images may be uploaded."""
        may = {"may_send": self.may_send(request)}
        return super().changelist_view(request, {**(extra_context or {}), **may})

    def send(self, request: HttpRequest) -> HttpResponse:
        """Show the upload form, and keep an uploaded zip for a worker."""
        if not self.may_send(request):
            raise PermissionDenied
        posted = (request.POST, request.FILES) if request.method == "POST" else ()
        form = ImagesForm(*posted)
        if form.is_valid() and (kept := self._kept(request, form)):
            address = reverse("admin:explanations_imageimport_change", args=[kept.pk])
            return HttpResponseRedirect(address)
        context = {
            **self.admin_site.each_context(request),
            "title": "Import images",
            "form": form,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/explanations/imageimport/send.html", context)

    def _kept(self, request: HttpRequest, form: ImagesForm) -> ImageImport | None:
        """Keep the upload; return None, with an error on the form, if it is refused."""
        sent = form.cleaned_data["zip"]
        assert request.user.is_authenticated  # noqa: S101  the admin's own
        try:
            return image_imports.image_import_ask(
                name=sent.name,
                subject=form.cleaned_data["subject"],
                content=sent.chunks(),
                sender=request.user,
            )
        except image_imports.UploadRefused as refused:
            form.add_error("zip", f"{str(refused).capitalize()}.")
        return None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the result or every problem above the fields; reload until the import has ended."""
        taken: ImageImport | None = context.get("original")
        response = super().render_change_form(request, context, *args, **kwargs)
        if taken is not None and taken.finished is None:
            response.headers["Refresh"] = _LOOK_AGAIN
        return response
