"""The engine's material and its runs in Django's admin."""

from explanations.admin.images import ImageImportAdmin
from explanations.admin.runs import CallAdmin, RunAdmin, TargetAdmin
from explanations.admin.subjects import (
    CaptureAdmin,
    ExplanationAdmin,
    MethodAdmin,
    NeuronAdmin,
    SimulationAdmin,
    SubjectAdmin,
)

__all__ = [
    "CallAdmin",
    "CaptureAdmin",
    "ExplanationAdmin",
    "ImageImportAdmin",
    "MethodAdmin",
    "NeuronAdmin",
    "RunAdmin",
    "SimulationAdmin",
    "SubjectAdmin",
    "TargetAdmin",
]
