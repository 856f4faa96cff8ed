"""Addresses of the neuron browser."""

from django.urls import path

from studies.browser import access, images, lists, neurons

_LAYER = "<path:name>/<int:layer>/"
_NEURON = f"{_LAYER}<int:index>/"

# A subject's name may hold slashes, as a hub's ids do: the more specific addresses come first.
urlpatterns = [
    path("", neurons.subjects, name="subjects"),
    path("invited/<uuid:token>/", access.invited, name="invited"),
    path(_NEURON, neurons.neuron, name="neuron"),
    path(f"{_NEURON}save/", neurons.save, name="neuron-save"),
    path(_LAYER, neurons.layer, name="layer"),
    path("<path:name>/image-<int:pk>/", images.image, {"size": "file"}, name="image"),
    path("<path:name>/thumbnail-<int:pk>/", images.image, {"size": "thumbnail"}, name="thumbnail"),
    path("<path:name>/lists/<slug:which>/", lists.neuron_list, name="neuron-list"),
    path("<path:name>/search/", lists.search, name="search"),
    path("<path:name>/search/<uuid:token>/", lists.found, name="found"),
    path("<path:name>/lucky/", neurons.lucky, name="lucky"),
    path("<path:name>/", neurons.subject, name="subject"),
]
