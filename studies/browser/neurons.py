"""The neuron browser's main pages: subjects, a subject, a layer, a neuron."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_POST, require_safe

from explanations.records import NeuronRef
from explanations.selectors.access import subjects_to_browse
from explanations.selectors.explanations import best_explanations
from explanations.selectors.images import image_views
from explanations.selectors.layers import (
    PAGE,
    Sort,
    adjacent_neurons,
    layer_page,
    layer_summaries,
    neuron_at_random,
)
from explanations.selectors.lists import is_saved
from explanations.selectors.neuron_views import capture_facts, neuron_view, top_tokens
from explanations.selectors.neurons import neuron_refs
from explanations.services.saved_neurons import neuron_save, neuron_unsave
from studies.browser.access import Visit, for_visitors, invitations, is_staff, rates
from studies.browser.images import hidden_from
from studies.browser.neuron_page import (
    explanation_cards,
    image_sections,
    record_list,
    simulation_panel,
)
from studies.browser.related import related_panel


@require_safe
@cache_control(private=True, no_cache=True)
def subjects(request: HttpRequest) -> HttpResponse:
    """List the subjects that a visitor may browse."""
    found = subjects_to_browse(staff=is_staff(request), invited=invitations(request))
    return render(request, "neurons/subjects.html", {"subjects": found, "blind": rates(request)})


@require_safe
@for_visitors
def subject(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show what a subject is and the ways into it; `?to=3/120` goes to a neuron."""
    wanted = request.GET.get("to", "").strip()
    ref = _reference(wanted)
    if ref and neuron_view(visit.subject, visit.store, ref):
        return redirect("studies:neuron", visit.subject.name, ref.layer, ref.index)
    context = {
        "visit": visit,
        "subject": visit.subject,
        "capture": capture_facts(visit.subject, visit.store),
        "layers": layer_summaries(visit.subject, visit.store),
        "wanted": wanted,
    }
    return render(request, "neurons/subject.html", context, status=404 if wanted else 200)


def _reference(text: str) -> NeuronRef | None:
    try:
        refs = neuron_refs(text)
    except ValueError:
        return None
    return refs[0] if len(refs) == 1 else None


@require_safe
@never_cache
@for_visitors
def lucky(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Go to a random neuron that fires."""
    ref = neuron_at_random(visit.subject, visit.store)
    if ref is None:
        return redirect("studies:subject", visit.subject.name)
    return redirect("studies:neuron", visit.subject.name, ref.layer, ref.index)


@require_safe
@for_visitors
def layer(request: HttpRequest, visit: Visit, layer: int) -> HttpResponse:
    """Show the neurons of a layer, a page at a time, sorted as asked for."""
    try:
        sort = Sort(request.GET.get("sort", Sort.INDEX))
    except ValueError:
        sort = Sort.INDEX
    descending = request.GET.get("order") == "down"
    page = page_number(request)
    found = layer_page(
        visit.subject, visit.store, layer, sort=sort, descending=descending, page=page
    )
    if not found.rows:
        raise Http404(f"{visit.subject} has no such neurons in layer {layer}")
    refs = [row.ref for row in found.rows]
    best = {} if visit.blind else best_explanations(visit.subject, refs)
    context = {
        "visit": visit,
        "subject": visit.subject,
        "layer": layer,
        "rows": [(row, best.get(row.ref), top_tokens(visit.store, row.ref)) for row in found.rows],
        "total": found.total,
        "page": Paginator(range(found.total), PAGE).page(page),
        "sort": sort.value,
        "descending": descending,
        "columns": COLUMNS,
    }
    return render(request, "neurons/layer.html", context)


COLUMNS = (
    ("index", "Neuron"),
    ("maximum", "Maximum"),
    ("firing_rate", "Fires on"),
    ("mean", "Mean"),
)


def page_number(request: HttpRequest) -> int:
    """Return the requested page number, or 1 if it is not a positive number."""
    asked = request.GET.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1


@require_safe
@for_visitors
def neuron(request: HttpRequest, visit: Visit, layer: int, index: int) -> HttpResponse:
    """Show one neuron."""
    ref = NeuronRef(layer=layer, index=index)
    seen = neuron_view(visit.subject, visit.store, ref)
    if seen is None:
        raise Http404(f"{visit.subject} has no neuron {ref}")
    before, after = adjacent_neurons(visit.subject, visit.store, ref)
    cards = explanation_cards(seen, blind=visit.blind)
    more = request.GET.get("more", "")
    images = image_views(seen.pk, without=hidden_from(visit))
    context = {
        "visit": visit,
        "subject": visit.subject,
        "neuron": seen,
        "layer": layer,
        "index": index,
        "before": before,
        "after": after,
        "explanations": [each for each in cards if not each.is_control],
        "controls": [each for each in cards if each.is_control],
        "images": image_sections(images, more),
        "records": record_list(visit.store, seen, request.GET.get("split", ""), more),
        "related": related_panel(visit.subject, visit.store, seen, blind=visit.blind),
        "simulation": None
        if visit.blind
        else simulation_panel(seen, cards, request.GET.get("simulation", ""), more),
        "saved": request.user.is_authenticated and is_saved(request.user.pk, visit.subject, ref),
    }
    return render(request, "neurons/neuron.html", context)


@require_POST
@login_required
@for_visitors
def save(request: HttpRequest, visit: Visit, layer: int, index: int) -> HttpResponse:
    """Save a neuron, or remove it from the saved ones."""
    ref = NeuronRef(layer=layer, index=index)
    if neuron_view(visit.subject, visit.store, ref) is None:
        raise Http404(f"{visit.subject} has no neuron {ref}")
    change = neuron_save if request.POST.get("keep") else neuron_unsave
    assert request.user.is_authenticated  # noqa: S101  login_required
    change(user=request.user, subject=visit.subject, ref=ref)
    return redirect("studies:neuron", visit.subject.name, layer, index)
