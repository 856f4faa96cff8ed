"""Runs: staff may view them; starting and changing them needs permissions."""

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
    """Staff may view runs; starting one needs the add permission, resuming the change one."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the user has the permission that the request needs."""
        if not IsAdminUser().has_permission(request, view):
            return False
        right = getattr(view, "right", "")
        return request.method != "POST" or request.user.has_perm(f"explanations.{right}")


class StrictSerializer(serializers.Serializer[Any]):
    """Posted data; unknown field names are refused."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse unknown names first: a typo must not drop a budget."""
        unknown = set(data) - set(self.fields) if isinstance(data, Mapping) else set()
        if unknown:
            known = f"the fields are {', '.join(self.fields)}"
            raise ValidationError({name: [f"no such field: {known}"] for name in sorted(unknown)})
        return super().to_internal_value(data)


class RunSerializer(StrictSerializer):
    """The fields of a new run; the service checks their values."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in METHOD_KINDS])
    method = serializers.CharField()
    settings = serializers.DictField(default=dict)
    subject = serializers.CharField(default=None, allow_null=True)
    neurons = serializers.CharField(default="", allow_blank=True)
    budget = serializers.FloatField(default=None, allow_null=True)


class BudgetSerializer(StrictSerializer):
    """A run's new budget in US dollars; null for no limit."""

    budget = serializers.FloatField(allow_null=True)


class RunList(APIView):
    """The newest fifty runs with their progress; a new one is posted here."""

    permission_classes = [MayAct]
    right = "add_run"

    def get(self, request: Request) -> Response:
        """Return runs, newest first."""
        return Response([_row(run) for run in runs_progress()])

    def post(self, request: Request) -> Response:
        """Start a run; if there is nothing new to do, `run` is null."""
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
    """Resumes a halted run with a new budget."""

    permission_classes = [MayAct]
    right = "change_run"

    def post(self, request: Request, run: int) -> Response:
        """Set the budget and resume; return the run."""
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
        """Reopen the failed targets; return the run and their number."""
        _progress(run)
        opened = run_retry_failures(run_id=run)
        return Response({**_detail(run), "opened": opened})


def _start(**given: Any) -> RunCreated:
    kind = Run.Kind(given.pop("kind"))
    return run_start(wanted=RunWanted(kind=kind, **given))


def _refusing(do: Any, given: dict[str, Any]) -> Any:
    """Call a service; a refusal becomes an error that names the field."""
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
