"""Questions about neurons, for visitors who may browse their subject."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import NotFound, Throttled, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from explanations.models import Question, Subject
from explanations.records import NeuronRef
from explanations.selectors.access import INVITED_KEY, subject_to_browse
from explanations.selectors.questions import QuestionState, question_state
from explanations.services.questions import (
    QuestionRefused,
    TooManyQuestions,
    question_ask,
    question_withdraw,
)

ASKED_KEY = "asked"
"""Where a session keeps the tokens of the last questions that were asked in it."""

_REMEMBERED = 10


def remembered(session: SessionBase) -> list[UUID]:
    """Return the tokens of what was asked in a session, oldest first."""
    return [UUID(token) for token in session.get(ASKED_KEY, [])]


def remember(session: SessionBase, token: UUID) -> None:
    """Keep the token of what was just asked in a session, and the last few before it."""
    session[ASKED_KEY] = [*session.get(ASKED_KEY, []), str(token)][-_REMEMBERED:]


class CheckedSession(SessionAuthentication):
    """A session whose every change needs the page's token, logged in or not.

    What a visitor may see depends on the session alone, so other sites must not post in its name.
    """

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Refuse cross-site changes, then authenticate the user."""
        self.enforce_csrf(request)
        return super().authenticate(request)


class QuestionSerializer(serializers.Serializer[Any]):
    """The fields of a question; the service checks their values."""

    kind = serializers.ChoiceField(choices=Question.Kind.choices)
    subject = serializers.CharField()
    text = serializers.CharField(trim_whitespace=False, allow_blank=True)
    layer = serializers.IntegerField(min_value=0, required=False, allow_null=True)
    index = serializers.IntegerField(min_value=0, required=False, allow_null=True)
    clamp = serializers.FloatField(required=False, allow_null=True)


class QuestionView(APIView):
    """Access control and cache headers for both addresses."""

    authentication_classes = [CheckedSession]
    permission_classes = [AllowAny]

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Keep answers out of caches."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    def subject(self, name: str) -> Subject:
        """Return a subject by its name; 404 if the visitor may not browse it."""
        subject = subject_to_browse(
            name,
            staff=self.request.user.is_staff,
            invited=self.request.session.get(INVITED_KEY, []),
        )
        if subject is None:
            raise NotFound
        return subject


class QuestionList(QuestionView):
    """List of questions: new ones are posted here."""

    def post(self, request: Request) -> Response:
        """Store a question; return the token for retrieving its answer."""
        serializer = QuestionSerializer(data=request.data)
        if not serializer.is_valid():
            field, faults = next(iter(serializer.errors.items()))
            raise ValidationError({"detail": f"{field}: {faults[0]}"})
        try:
            question = self._ask(serializer.validated_data)
        except TooManyQuestions as error:
            raise Busy(str(error)) from error
        except QuestionRefused as error:
            raise ValidationError({"detail": str(error)}) from error
        remember(request.session, question.token)
        return Response({"token": question.token}, status=status.HTTP_201_CREATED)

    def _ask(self, given: dict[str, Any]) -> Question:
        layer, index = given.get("layer"), given.get("index")
        neuron = (
            NeuronRef(layer=layer, index=index) if layer is not None and index is not None else None
        )
        return question_ask(
            kind=Question.Kind(given["kind"]),
            subject=self.subject(given["subject"]),
            text=given["text"],
            neuron=neuron,
            clamp=given.get("clamp"),
            asker=self.request.user if self.request.user.is_authenticated else None,
            earlier=remembered(self.request.session),
        )


class QuestionDetail(QuestionView):
    """One question: its state and its answer."""

    def get(self, request: Request, token: UUID) -> Response:
        """Return its state."""
        return Response(asdict(self._state(token)))

    def delete(self, request: Request, token: UUID) -> Response:
        """Delete the question if it has not been answered yet."""
        question_withdraw(token=self._state(token).token)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _state(self, token: UUID) -> QuestionState:
        state = question_state(token)
        if state is None:
            raise NotFound
        self.subject(state.subject)
        return state


class Busy(Throttled):
    """Too many open questions; the detail says whether the visitor's or everybody's."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self.detail = serializers.ErrorDetail(said, self.default_code)
