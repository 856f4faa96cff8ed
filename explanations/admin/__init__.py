"""The engine's material and its runs in Django's admin."""

from explanations.admin.images import ImageImportAdmin
from explanations.admin.looking import (
    CaptureAdmin,
    ExplanationAdmin,
    MethodAdmin,
    NeuronAdmin,
    SimulationAdmin,
    SubjectAdmin,
)
from explanations.admin.runs import CallAdmin, RunAdmin, TargetAdmin

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
