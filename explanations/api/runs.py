"""Runs for pages and programs that watch them."""

from dataclasses import asdict
from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from explanations import selectors
from explanations.models import Run


class RunList(APIView):
    """The newest fifty runs with their progress, for staff."""

    permission_classes = [IsAdminUser]

    def get(self, request: Request) -> Response:
        """Return runs, newest first."""
        return Response([_row(run) for run in selectors.runs_progress()])


class RunDetail(APIView):
    """One run with its progress and why its targets failed, for staff."""

    permission_classes = [IsAdminUser]

    def get(self, request: Request, run: int) -> Response:
        """Return the run."""
        try:
            progress = selectors.run_progress(run)
        except Run.DoesNotExist as error:
            raise NotFound(str(error)) from error
        return Response({**_row(progress), "reasons": selectors.run_reasons(run)})


def _row(progress: selectors.RunProgress) -> dict[str, Any]:
    return {**asdict(progress), "left": progress.left}
