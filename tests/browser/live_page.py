"""A page that holds the live part of a neuron's page and nothing else, to test that part."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template import engines
from django.urls import include, path

from explanations.models import Subject
from explanations.selectors.access import INVITED_KEY

PAGE = """
{% extends "base.html" %}
{% load static %}
{% block head %}<link rel="stylesheet" href="{% static 'css/heat.css' %}">{% endblock %}
{% block main_class %}wide{% endblock %}
{% block main %}
<h1>Neuron {{ layer }}/{{ index }}</h1>
{% include "neurons/live.html" %}
<div id="tip" class="tip" aria-hidden="true" hidden></div>
<p id="value" class="sr-only" aria-live="polite"></p>
{% endblock %}
"""


def page(request: HttpRequest, name: str, layer: int, index: int) -> HttpResponse:
    """Show the part; whoever opens it is invited to the subject."""
    subject = get_object_or_404(Subject, name=name)
    request.session[INVITED_KEY] = [str(subject.browse_token)]
    template = engines["django"].from_string(PAGE)
    context = {"subject": subject, "layer": layer, "index": index}
    return HttpResponse(template.render(context, request))


urlpatterns = [
    path("", include("deploy.urls")),
    path("live/<name>/<int:layer>/<int:index>/", page),
]
