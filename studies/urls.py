"""Addresses under the site root."""

from django.urls import path

from studies import views
from studies.api import ResultsView

app_name = "studies"
urlpatterns = [
    path("", views.home, name="home"),
    path("studies/", views.study_list, name="list"),
    path("studies/<slug:slug>/results/", views.results, name="results"),
    path("studies/<slug:slug>/results/refresh/", views.refresh, name="refresh"),
    path("studies/<slug:slug>/export/<slug:table>.<slug:form>", views.export, name="export"),
    path("api/studies/<slug:slug>/results/", ResultsView.as_view(), name="api-results"),
]
