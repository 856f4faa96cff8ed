"""The home page, and pages about studies for staff."""

from collections.abc import Callable, Mapping
from functools import partial
from operator import itemgetter
from typing import Any

from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_GET, require_POST, require_safe

from studies.analysis.report.figure import figure_to_csv
from studies.analysis.report.wording import synthetic_notice
from studies.exports.archive import archive
from studies.exports.formats import CONTENT_TYPES, installed_formats
from studies.exports.tables import TABLES, pieces
from studies.models import Registration, Study
from studies.selectors.pages import freshness, study_rows
from studies.selectors.registrations import registration_of
from studies.services.analyses import analysis_request

UNMARKED = (
    *("contrasts", "exclusions", "sensitivity", "missing", "precision", "raters"),
    *("measures", "bias", "levels", "gaps", "flow"),
)
"""Neither registered nor exploratory: contrasts are marked in each row, the others give context."""

staff_only = partial(staff_member_required, login_url="admin:login")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Return the home page."""
    return render(request, "studies/home.html")


@require_GET
@never_cache
@staff_only
def study_list(request: HttpRequest) -> HttpResponse:
    """Return the list of studies."""
    return render(request, "studies/list.html", {"studies": study_rows()})


@require_GET
@never_cache
@staff_only
@gzip_page
def results(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a study's results, or why there are none."""
    study = get_object_or_404(Study, slug=slug)
    fresh = freshness(study)
    analysis = fresh.analysis
    context = {
        "study": study,
        "fresh": fresh,
        "synthetic_notice": synthetic_notice(fresh.synthetic, fresh.judgments),
        "analysis": analysis,
        "results": fresh.results,
        "figures": analysis.figures if analysis else {},
        "registration": registration_of(study),
        "unmarked": UNMARKED,
        "tables": list(TABLES),
        "formats": installed_formats(),
    }
    return render(request, "studies/results.html", context)


@require_GET
@never_cache
@staff_only
def registration(request: HttpRequest, slug: str) -> HttpResponse:
    """Send the registered document, exactly as hashed."""
    frozen = get_object_or_404(Registration, study__slug=slug)
    response = HttpResponse(frozen.document, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-registration.json"'
    return response


@require_POST
@staff_only
def refresh(request: HttpRequest, slug: str) -> HttpResponse:
    """Request new results."""
    study = get_object_or_404(Study, slug=slug)
    if study.batch_id is not None:
        analysis_request(study=study, at=timezone.now())
    return HttpResponseRedirect(reverse("studies:results", args=[slug]))


@require_GET
@never_cache
@staff_only
def export(request: HttpRequest, slug: str, table: str, format: str) -> StreamingHttpResponse:
    """Send one table of a study, piece by piece."""
    study = get_object_or_404(Study, slug=slug)
    if table not in TABLES or format not in installed_formats():
        raise Http404(f"there is no table {table}.{format}")
    identified = _identified(request)
    content = pieces(study, table, format, identified=identified)
    response = StreamingHttpResponse(content, content_type=CONTENT_TYPES[format])
    name = f"{slug}-{table}{'-with-ids' if identified else ''}.{format}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_GET
@never_cache
@staff_only
def figure(request: HttpRequest, slug: str, name: str, format: str) -> HttpResponse:
    """Send one figure as SVG, or its data as CSV."""
    study = get_object_or_404(Study.objects.select_related("analysis"), slug=slug)
    analysis = getattr(study, "analysis", None)
    shown = analysis.figures.get(name) if analysis else None
    make = _FIGURE_FORMATS.get(format)
    if not shown or make is None or not (text := make[1](shown)):
        raise Http404(f"there is no figure {name}.{format}")
    response = HttpResponse(text, content_type=make[0])
    response["Content-Disposition"] = f'attachment; filename="{slug}-{name}.{format}"'
    return response


_FIGURE_FORMATS: dict[str, tuple[str, Callable[[Mapping[str, Any]], str]]] = {
    "svg": ("image/svg+xml; charset=utf-8", itemgetter("svg")),
    "csv": ("text/csv; charset=utf-8", figure_to_csv),
}


@require_GET
@never_cache
@staff_only
def export_all(request: HttpRequest, slug: str) -> StreamingHttpResponse:
    """Send a study's complete export as a zip, piece by piece."""
    study = get_object_or_404(Study, slug=slug)
    identified = _identified(request)
    response = StreamingHttpResponse(
        archive(study, identified=identified), content_type="application/zip"
    )
    name = f"{slug}-with-ids.zip" if identified else f"{slug}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _identified(request: HttpRequest) -> bool:
    """Return whether recruiter ids are requested; 403 for all but superusers."""
    asked = "external-ids" in request.GET
    if asked and not getattr(request.user, "is_superuser", False):
        raise PermissionDenied("only superusers may export recruiter ids")
    return asked
