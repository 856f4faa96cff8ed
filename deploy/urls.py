"""All URLs of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("rate/", include("annotation.urls")),
    path("", include("explanations.urls")),
    path("", include("studies.urls")),
]
