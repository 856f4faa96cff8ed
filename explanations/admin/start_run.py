"""Starting a run: a method is chosen, then what it is set to and run over."""

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
    """An admin page with an action that begins a run over what is ticked."""

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Let those start runs who may add one, though none is added by hand."""
        return request.user.has_perm("explanations.add_run")

    def start_over(self, request: HttpRequest, keys: QuerySet[Any, Any]) -> HttpResponse | None:
        """Go to the choice of a method for neurons; None, with a message, where that cannot be."""
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
    """Show the built-in methods; what is filled in already goes with the choice."""
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
    """Show the form of a run; count what it would do, or make it."""
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
    """Make the run and go to its page; None where the form must be shown again."""
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
    """Return what a method takes beside the records, in words."""
    needs = _registry(kind)[method].needs
    return ", ".join(said for need, said in _NEEDS.items() if need in needs)


def _registry(kind: Run.Kind) -> Any:
    return registry(METHOD_KINDS[kind])


def _checked(request: HttpRequest) -> None:
    if not request.user.has_perm("explanations.add_run"):
        raise PermissionDenied
