"""Results for programs."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from studies.models import Study
from studies.selectors.pages import freshness


class ResultsView(APIView):
    """A study's results as JSON, for staff; `analysis` is null before there were judgments."""

    def get(self, request: Request, slug: str) -> Response:
        """Return the newest results, and whether newer ones are being made."""
        study = get_object_or_404(Study, slug=slug)
        fresh = freshness(study)
        body: dict[str, Any] = {
            "study": {"title": study.title, "slug": study.slug, "state": study.state},
            "analysis": None,
            "new_answers": fresh.new_answers,
            "new_scores": fresh.new_scores,
            "results": None,
        }
        if fresh.analysis is not None:
            body["analysis"] = {
                "state": fresh.analysis.state,
                "requested": fresh.analysis.requested,
                "finished": fresh.analysis.finished,
                "answers": fresh.analysis.answers,
                "seconds": fresh.analysis.seconds,
                "reason": fresh.analysis.reason,
            }
            body["results"] = fresh.analysis.results
        return Response(body)
