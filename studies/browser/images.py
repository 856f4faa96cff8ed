"""The images of neurons, for visitors who may browse their subject."""

from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from annotation.views.common import image_sent, kept_by_the_browser
from explanations.records import Split
from explanations.selectors.images import Size, image_file
from studies.browser.access import Visit, for_visitors


def hidden_from(visit: Visit) -> frozenset[Split]:
    """Return the splits whose images are hidden: a rater may be asked about them."""
    return frozenset({Split.SCORE}) if visit.blind else frozenset()


@require_safe
@kept_by_the_browser
@for_visitors
def image(request: HttpRequest, visit: Visit, pk: int, size: Size) -> HttpResponseBase:
    """Return an image of a subject's neurons, whole or as a thumbnail."""
    name = image_file(visit.subject, pk, size, without=hidden_from(visit))
    path = Path(settings.IMAGE_DIR) / name if name else None
    if path is None or not path.is_file():
        raise Http404(f"{visit.subject} has no such image")
    return image_sent(path, name=path.name)
