"""The list of a study's neurons."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from studies.analysis.report.wording import counted
from studies.models import Study
from studies.selectors.material import neurons_matching, neurons_shown
from studies.services.errors import StudyRefused
from studies.services.neurons import neurons_remove

_PAGE = 100


def neurons_page(request: HttpRequest, study: Study, context: dict[str, Any]) -> HttpResponse:
    """Return a page of the study's neurons, or remove some from a draft."""
    if request.method == "POST":
        return _remove(request, study)
    search = request.GET.get("q", "").strip()
    found = neurons_matching(study, search)
    page = Paginator(found, _PAGE).get_page(request.GET.get("p"))
    context |= {
        "title": f"Neurons of {study}",
        "study": study,
        "page": page,
        "rows": neurons_shown(study, list(page)),
        "search": search,
        "is_draft": study.state == Study.State.DRAFT,
    }
    return TemplateResponse(request, "admin/studies/study/neurons.html", context)


def _remove(request: HttpRequest, study: Study) -> HttpResponse:
    chosen = [int(pk) for pk in request.POST.getlist("neuron") if pk.isdecimal()]
    everything = request.POST.get("remove") == "all"
    try:
        n = neurons_remove(study=study, neurons=None if everything else chosen)
    except StudyRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"{counted(n, 'neuron')} removed.")
    return HttpResponseRedirect(reverse("admin:studies_study_neurons", args=[study.pk]))
