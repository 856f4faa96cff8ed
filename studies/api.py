"""The results API, and the API with which raters try texts on a neuron."""

from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, Throttled, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from explanations.models import Neuron, Question
from explanations.selectors.questions import question_state
from explanations.services.questions import (
    QuestionRefused,
    TooManyQuestions,
    question_ask,
    question_withdraw,
)
from studies.models import Study, StudyItem
from studies.selectors.pages import freshness


class ResultsView(APIView):
    """A study's results as JSON, for staff; `analysis` is null until there are judgments."""

    def get(self, request: Request, slug: str) -> Response:
        """Return the latest results, and whether newer ones are being computed."""
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
                "stage": fresh.analysis.stage,
                "share": fresh.analysis.share,
            }
            body["results"] = fresh.results
        return Response(body)


# --- Probes ---------------------------------------------------------------------------------------

_SALT = "studies.probe"
_DAY = 24 * 3600
MAX_OPEN_PROBES = 5
"""The maximum of unanswered texts per neuron."""


def probe_address(item: int) -> str:
    """Return the address for trying texts on an item's neuron; empty if the item has none.

    The address is signed, valid for a day, and identifies only the neuron.
    """
    neuron = StudyItem.objects.filter(item=item).values_list("neuron", flat=True).first()
    if neuron is None:
        return ""
    return reverse("studies:api-probe", args=[signing.dumps(neuron, salt=_SALT)])


class Tried(serializers.Serializer[Any]):
    """A text that a rater tries."""

    text = serializers.CharField(max_length=2000, trim_whitespace=False)


class ProbeView(APIView):
    """Base of both views. Anyone with a signed address may use it.

    No response names the subject, the neuron or the model.
    """

    # The signed address is the permission: other sites cannot guess it.
    authentication_classes = []
    permission_classes = [AllowAny]

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Forbid caching of responses."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def neuron(self, signed: str) -> Neuron:
        """Return the neuron of a signed address; 404 if the address is forged or a day old."""
        try:
            pk = signing.loads(signed, salt=_SALT, max_age=_DAY)
        except signing.BadSignature as error:
            raise NotFound from error
        return get_object_or_404(Neuron.objects.select_related("subject"), pk=pk)


class ProbeList(ProbeView):
    """Where raters submit texts to try."""

    def post(self, request: Request, signed: str) -> Response:
        """Request the neuron's activations on a text; return the token for polling."""
        neuron = self.neuron(signed)
        tried = Tried(data=request.data)
        if not tried.is_valid():
            raise ValidationError({"detail": "write a text of up to 2,000 characters first"})
        if _asked(neuron).filter(finished=None).count() >= MAX_OPEN_PROBES:
            raise Throttled(detail="others are trying texts at the moment: try again in a minute")
        try:
            question = question_ask(
                kind=Question.Kind.ACTIVATE,
                subject=neuron.subject,
                text=tried.validated_data["text"],
                neuron=neuron.ref,
            )
        except TooManyQuestions as error:
            raise Throttled(detail="many people are asking: try again in a minute") from error
        except QuestionRefused as error:
            raise ValidationError({"detail": "this text cannot be tried here"}) from error
        return Response({"token": question.token}, status=status.HTTP_201_CREATED)


class ProbeDetail(ProbeView):
    """A text that was tried: its progress and the neuron's activations."""

    def get(self, request: Request, signed: str, token: UUID) -> Response:
        """Return its state; the reason for a failure isn't shown to raters."""
        asked = question_state(self._known(signed, token))
        if asked is None:
            raise NotFound
        reason = "this text could not be tried: try another one, or answer without it"
        return Response(
            {
                "state": asked.state,
                "ahead": asked.ahead,
                "result": asked.result,
                "reason": reason if asked.state == "failed" else "",
            }
        )

    def delete(self, request: Request, signed: str, token: UUID) -> Response:
        """Cancel it if it has not been answered."""
        question_withdraw(token=self._known(signed, token))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _known(self, signed: str, token: UUID) -> UUID:
        if not _asked(self.neuron(signed)).filter(token=token).exists():
            raise NotFound
        return token


def _asked(neuron: Neuron) -> QuerySet[Question]:
    return Question.objects.filter(
        kind=Question.Kind.ACTIVATE,
        subject=neuron.subject_id,
        layer=neuron.layer,
        index=neuron.index,
    )
