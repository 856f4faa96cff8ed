"""Runs for pages and programs: watched by staff, started and changed by those who may."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import BasePermission, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from explanations.models import Run
from explanations.selectors.calls import call_totals
from explanations.selectors.runs import (
    RunProgress,
    run_progress,
    run_reasons,
    run_undefined,
    runs_progress,
)
from explanations.services.budgets import RunRefused
from explanations.services.methods import SettingRefused
from explanations.services.runs import RunCreated, run_resume, run_retry_failures
from explanations.services.start_run import METHOD_KINDS, RunWanted, run_start


class MayAct(BasePermission):
    """Staff look; to start a run takes the right to add one, to resume or retry, to change one."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Tell whether somebody may do what they ask."""
        if not IsAdminUser().has_permission(request, view):
            return False
        right = getattr(view, "right", "")
        return request.method != "POST" or request.user.has_perm(f"explanations.{right}")


class StrictSerializer(serializers.Serializer[Any]):
    """What is posted; a name that is not one of its fields is refused."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown names before anything else: a budget must not be lost by a slip."""
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            known = f"the fields are {', '.join(self.fields)}"
            raise ValidationError({name: [f"no such field: {known}"] for name in sorted(unknown)})
        return super().to_internal_value(data)


class RunSerializer(StrictSerializer):
    """What a run is to be; the service says what of it makes sense."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in METHOD_KINDS])
    method = serializers.CharField()
    settings = serializers.DictField(default=dict)
    subject = serializers.CharField(default=None, allow_null=True)
    neurons = serializers.CharField(default="", allow_blank=True)
    budget = serializers.FloatField(default=None, allow_null=True)


class BudgetSerializer(StrictSerializer):
    """What a run may cost from now on, in US dollars; null for no limit."""

    budget = serializers.FloatField(allow_null=True)


class RunList(APIView):
    """The newest fifty runs with their progress; a new one is posted here."""

    permission_classes = [MayAct]
    right = "add_run"

    def get(self, request: Request) -> Response:
        """Return runs, newest first."""
        return Response([_row(run) for run in runs_progress()])

    def post(self, request: Request) -> Response:
        """Make a run; without anything new to do none is made, and `run` is null."""
        serializer = RunSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        created = _refusing(_start, serializer.validated_data)
        counts = {"added": created.added, "already": created.already}
        if created.run is None:
            return Response({"run": None, **counts})
        row = _row(run_progress(created.run.pk))
        return Response({**row, **counts}, status=status.HTTP_201_CREATED)


class RunDetail(APIView):
    """One run with its progress, its calls and why its targets failed."""

    permission_classes = [MayAct]

    def get(self, request: Request, run: int) -> Response:
        """Return the run."""
        return Response(_detail(run))


class RunResume(APIView):
    """Lets a halted run go on with another budget."""

    permission_classes = [MayAct]
    right = "change_run"

    def post(self, request: Request, run: int) -> Response:
        """Set the budget and go on; return the run."""
        _progress(run)
        serializer = BudgetSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        _refusing(run_resume, {"run_id": run, **serializer.validated_data})
        return Response(_detail(run))


class RunRetry(APIView):
    """Opens a run's failed targets again."""

    permission_classes = [MayAct]
    right = "change_run"

    def post(self, request: Request, run: int) -> Response:
        """Open them; return the run and how many they were."""
        _progress(run)
        opened = run_retry_failures(run_id=run)
        return Response({**_detail(run), "opened": opened})


def _start(**given: Any) -> RunCreated:
    kind = Run.Kind(given.pop("kind"))
    return run_start(wanted=RunWanted(kind=kind, **given))


def _refusing(do: Any, given: dict[str, Any]) -> Any:
    """Do something; what the service refuses is an error that names the field."""
    try:
        return do(**given)
    except SettingRefused as refusal:
        raise ValidationError({"settings": {refusal.setting: [str(refusal)]}}) from refusal
    except RunRefused as refusal:
        raise ValidationError({refusal.field: [str(refusal)]}) from refusal


def _progress(run: int) -> RunProgress:
    try:
        return run_progress(run)
    except Run.DoesNotExist as error:
        raise NotFound(str(error)) from error


def _detail(run: int) -> dict[str, Any]:
    return {
        **_row(_progress(run)),
        "calls": asdict(call_totals(run)),
        "reasons": run_reasons(run),
        "undefined": run_undefined(run),
    }


def _row(progress: RunProgress) -> dict[str, Any]:
    return {**asdict(progress), "left": progress.left}
