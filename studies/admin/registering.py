"""The page that registers a study's design and analysis plan."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from studies.forms import PlanForm
from studies.models import Study
from studies.selectors.registrations import registration_of
from studies.selectors.tables import study_scores
from studies.services.errors import StudyRefused
from studies.services.registering import registration_freeze


def registering_page(request: HttpRequest, study: Study, context: dict[str, Any]) -> HttpResponse:
    """Return the form for the plan, or register it; an existing registration is shown."""
    form = PlanForm(request.POST or None, study=study)
    if request.method == "POST" and form.is_valid() and _frozen(request, study, form):
        return HttpResponseRedirect(reverse("admin:studies_study_change", args=[study.pk]))
    context |= {
        "title": f"Register the analysis plan of {study}",
        "study": study,
        "form": form,
        "registration": registration_of(study),
        "scorers": [scores.scorer for scores in study_scores(study)],
    }
    return TemplateResponse(request, "admin/studies/study/register.html", context)


def _frozen(request: HttpRequest, study: Study, form: PlanForm) -> bool:
    try:
        frozen = registration_freeze(study=study, plan=form.plan(), at=timezone.now())
    except StudyRefused as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, f"Registered. SHA-256: {frozen.sha256}")
    return True
