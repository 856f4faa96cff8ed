"""Addresses of the work on neurons."""

from django.urls import path

from explanations.api import RunDetail, RunList

app_name = "explanations"
urlpatterns = [
    path("api/runs/", RunList.as_view(), name="api-runs"),
    path("api/runs/<int:run>/", RunDetail.as_view(), name="api-run"),
]
