"""Writes: keyword-only, one transaction each."""

from explanations.services.captures import (
    capture_create,
    capture_is_of,
    capture_load,
    capture_store,
)
from explanations.services.imports import Counts, ImportFault, neuron_import
from explanations.services.leases import (
    MAX_ATTEMPTS,
    Claim,
    Cost,
    lease_extend,
    lease_release,
    target_fail,
    target_progress,
    targets_claim,
    targets_waiting,
)
from explanations.services.methods import (
    method_at_work,
    method_builtin,
    method_get_or_create,
    registry,
)
from explanations.services.results import explanation_store, score_store, simulation_store
from explanations.services.runs import (
    WORK_ON_RUN,
    RunCreated,
    run_answer,
    run_call,
    run_create,
    run_finish,
    run_retry_failures,
    runs_finish,
    runs_uncall,
)
from explanations.services.writing import explanation_write

__all__ = [
    "MAX_ATTEMPTS",
    "WORK_ON_RUN",
    "Claim",
    "Cost",
    "Counts",
    "ImportFault",
    "RunCreated",
    "capture_create",
    "capture_is_of",
    "capture_load",
    "capture_store",
    "explanation_store",
    "explanation_write",
    "lease_extend",
    "lease_release",
    "method_at_work",
    "method_builtin",
    "method_get_or_create",
    "neuron_import",
    "registry",
    "run_answer",
    "run_call",
    "run_create",
    "run_finish",
    "run_retry_failures",
    "runs_finish",
    "runs_uncall",
    "score_store",
    "simulation_store",
    "target_fail",
    "target_progress",
    "targets_claim",
    "targets_waiting",
]
