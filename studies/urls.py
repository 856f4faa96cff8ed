"""Addresses under the site root."""

from django.urls import path

from studies.api import ProbeDetail, ProbeList, ResultsView
from studies.browser import access, images, lists, neurons
from studies.views import studies

app_name = "studies"
_PLACE = "neurons/<path:name>/<int:layer>/"
_NEURON = f"{_PLACE}<int:index>/"

urlpatterns = [
    path("", studies.home, name="home"),
    path("studies/", studies.study_list, name="list"),
    path("studies/<slug:slug>/results/", studies.results, name="results"),
    path("studies/<slug:slug>/results/refresh/", studies.refresh, name="refresh"),
    path("studies/<slug:slug>/results/<slug:name>.<slug:format>", studies.figure, name="figure"),
    path("studies/<slug:slug>/registration.json", studies.registration, name="registration"),
    path("studies/<slug:slug>/export.zip", studies.export_all, name="export-all"),
    path("studies/<slug:slug>/export/<slug:table>.<slug:format>", studies.export, name="export"),
    path("api/probes/<str:signed>/", ProbeList.as_view(), name="api-probe"),
    path("api/probes/<str:signed>/<uuid:token>/", ProbeDetail.as_view(), name="api-probe-text"),
    path("api/studies/<slug:slug>/results/", ResultsView.as_view(), name="api-results"),
    # A subject's name may hold slashes, as a hub's ids do: what is more definite comes first.
    path("neurons/", neurons.subjects, name="subjects"),
    path("neurons/invited/<uuid:token>/", access.invited, name="invited"),
    path(_NEURON, neurons.neuron, name="neuron"),
    path(f"{_NEURON}save/", neurons.save, name="neuron-save"),
    path(_PLACE, neurons.layer, name="layer"),
    path("neurons/<path:name>/image-<int:pk>/", images.image, {"size": "file"}, name="image"),
    path(
        "neurons/<path:name>/thumbnail-<int:pk>/",
        images.image,
        {"size": "thumbnail"},
        name="thumbnail",
    ),
    path("neurons/<path:name>/lists/<slug:which>/", lists.neuron_list, name="neuron-list"),
    path("neurons/<path:name>/search/", lists.search, name="search"),
    path("neurons/<path:name>/search/<uuid:token>/", lists.found, name="found"),
    path("neurons/<path:name>/lucky/", neurons.lucky, name="lucky"),
    path("neurons/<path:name>/", neurons.subject, name="subject"),
]
