"""Start a run: choose a method, then its settings and its targets."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from explanations.forms import StartForm
from explanations.methods.requests import Need
from explanations.models import Neuron, Run
from explanations.records import NeuronRef
from explanations.selectors.neurons import neuron_text
from explanations.services.budgets import RunRefused
from explanations.services.methods import SettingRefused, registry
from explanations.services.start_run import METHOD_KINDS, run_start

# Longer addresses are cut off by servers.
_LONGEST = 4000
_NEEDS = {
    Need.MODEL: "asks a language model",
    Need.SUBJECT: "runs the subject",
    Need.ENCODER: "encodes sentences",
}
_VERBS = {Run.Kind.EXPLAIN: "Explain", Run.Kind.SIMULATE: "Simulate", Run.Kind.SCORE: "Score"}


class StartsRuns:
    """An admin page with an action that starts a run over the selected rows."""

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Return whether a user may start runs; runs cannot be added by hand."""
        return request.user.has_perm("explanations.add_run")

    def start_over(self, request: HttpRequest, keys: QuerySet[Any, Any]) -> HttpResponse | None:
        """Redirect to the choice of a method; None, with a message, if no run is possible."""
        rows = Neuron.objects.filter(pk__in=keys).order_by()
        found = list(rows.values_list("subject__name", "layer", "index"))
        subjects = {name for name, _, _ in found}
        text = neuron_text(NeuronRef(layer=at, index=index) for _, at, index in found)
        if len(subjects) != 1:
            messages.error(request, "Choose neurons of a single subject.")
        elif len(text) > _LONGEST:
            messages.error(request, "Too many neurons to list. Start a run and enter a range.")
        else:
            query = urlencode({"subject": subjects.pop(), "neurons": text})
            return HttpResponseRedirect(f"{reverse('admin:explanations_run_start')}?{query}")
        return None


def choose(request: HttpRequest, site: admin.AdminSite) -> HttpResponse:
    """Show the built-in methods; fields already filled in are passed on."""
    _checked(request)
    kinds = [
        {"kind": kind.value, "verb": _VERBS[kind], "methods": _methods(kind)}
        for kind in METHOD_KINDS
    ]
    context = {
        **site.each_context(request),
        "title": "Start a run",
        "kinds": kinds,
        "neurons": request.GET.get("neurons", ""),
        "query": request.GET.urlencode(),
    }
    return TemplateResponse(request, "admin/explanations/run/choose.html", context)


def start(request: HttpRequest, site: admin.AdminSite, kind: str, method: str) -> HttpResponse:
    """Show the form of a run; count its targets or start it."""
    _checked(request)
    if kind not in METHOD_KINDS or method not in _registry(Run.Kind(kind)):
        raise Http404
    posted = request.POST if request.method == "POST" else None
    form = StartForm(Run.Kind(kind), method, posted, initial=request.GET.dict())
    if form.is_valid() and "start" in request.POST:
        made = _started(request, form)
        if made is not None:
            return made
    context = {
        **site.each_context(request),
        "title": f"{_VERBS[Run.Kind(kind)]} with {method}",
        "form": form,
        "needs": _needs(Run.Kind(kind), method),
    }
    return TemplateResponse(request, "admin/explanations/run/start.html", context)


def _started(request: HttpRequest, form: StartForm) -> HttpResponse | None:
    """Start the run and redirect to it; None if the form must be shown again."""
    try:
        created = run_start(wanted=form.wanted)
    except (RunRefused, SettingRefused) as refusal:
        form.refuse(refusal)
        return None
    if created.run is None:
        messages.info(request, "Nothing to do: every chosen target is already done or in progress.")
        return None
    said = f"{created.added:,} to do, {created.already:,} already done or in progress."
    messages.success(request, said)
    return HttpResponseRedirect(reverse("admin:explanations_run_change", args=[created.run.pk]))


def _methods(kind: Run.Kind) -> list[dict[str, str]]:
    return [{"name": name, "needs": _needs(kind, name)} for name in _registry(kind)]


def _needs(kind: Run.Kind, method: str) -> str:
    """Return what a method needs in addition to records, in words."""
    needs = _registry(kind)[method].needs
    return ", ".join(said for need, said in _NEEDS.items() if need in needs)


def _registry(kind: Run.Kind) -> Any:
    return registry(METHOD_KINDS[kind])


def _checked(request: HttpRequest) -> None:
    if not request.user.has_perm("explanations.add_run"):
        raise PermissionDenied
