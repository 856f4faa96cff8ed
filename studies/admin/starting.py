"""From a published design to a running study: choose it, check the defaults, open it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from explanations.models import Subject
from studies.analysis.report.wording import counted
from studies.forms import PresetForm
from studies.presets import PRESETS
from studies.selectors.images import likeliest_subject
from studies.services.errors import StudyRefused


def presets_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Return the list of designs."""
    return TemplateResponse(
        request,
        "admin/studies/study/presets.html",
        {**context, "title": "New study from a published design", "presets": PRESETS.values()},
    )


def start_page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """Return the form of a design with its defaults, or create, build and maybe open the study."""
    preset = PRESETS.get(name)
    if preset is None:
        raise Http404(f"there is no design {name}")
    subjects = Subject.objects.order_by("name")
    wanted = request.POST.get("subject") or request.GET.get("subject", "")
    chosen = subjects.filter(pk=wanted).first() if wanted.isdecimal() else None
    subject = chosen or likeliest_subject(images=preset.needs.images)
    form = PresetForm(request.POST or None, preset=preset, subject=subject)
    if request.method == "POST" and form.is_valid() and (done := _start(request, form)):
        return done
    shown = {"title": preset.title, "preset": preset, "form": form, "subjects": subjects}
    return TemplateResponse(request, "admin/studies/study/start.html", {**context, **shown})


def _start(request: HttpRequest, form: PresetForm) -> HttpResponse | None:
    """Create the study; None, with the reason on the form, if it cannot be built."""
    is_open = "open" in request.POST
    try:
        built = form.start(is_open=is_open)
    except StudyRefused as refusal:
        form.add_error(None, str(refusal))
        return None
    for each in built.left_out:
        messages.warning(request, f"Left out: {each.text}.")
    second = "The second part was built too. " if form.preset.second_part else ""
    done = "It is open: send raters the invitation link." if is_open else "Check it, then open it."
    messages.success(request, f"Built {counted(built.items, 'item')}. {second}{done}")
    return HttpResponseRedirect(reverse("admin:studies_study_change", args=[form.instance.pk]))
