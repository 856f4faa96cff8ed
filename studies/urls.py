"""Addresses under the site root."""

from django.urls import include, path

from studies.api import ProbeDetail, ProbeList, ResultsView
from studies.views import studies

app_name = "studies"

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
    path("neurons/", include("studies.browser.urls")),
]
