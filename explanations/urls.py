"""Addresses of the work on neurons."""

from django.urls import path

from explanations.api import (
    QuestionDetail,
    QuestionList,
    RunDetail,
    RunList,
    RunResume,
    RunRetry,
)

app_name = "explanations"
urlpatterns = [
    path("api/questions/", QuestionList.as_view(), name="api-questions"),
    path("api/questions/<uuid:token>/", QuestionDetail.as_view(), name="api-question"),
    path("api/runs/", RunList.as_view(), name="api-runs"),
    path("api/runs/<int:run>/", RunDetail.as_view(), name="api-run"),
    path("api/runs/<int:run>/resume/", RunResume.as_view(), name="api-run-resume"),
    path("api/runs/<int:run>/retry/", RunRetry.as_view(), name="api-run-retry"),
]
