"""Reads: typed rows, never a QuerySet."""

from explanations.selectors.audiences import (
    INVITED_KEY,
    subject_to_browse,
    subjects_to_browse,
)
from explanations.selectors.lines import neuron_lines
from explanations.selectors.material import (
    Excerpt,
    NeuronMaterial,
    ToScore,
    ToSimulate,
    explanations_to_simulate,
    neuron_materials,
    simulations_to_score,
)
from explanations.selectors.neurons import (
    explanation_keys,
    latest_capture,
    neuron_keys,
    neuron_refs,
    neurons_found,
    simulation_keys,
    subject_named,
)
from explanations.selectors.runs import (
    Failure,
    RunProgress,
    RunToCall,
    run_failures,
    run_progress,
    run_reasons,
    runs_of_capture,
    runs_progress,
    runs_to_call,
    runs_unfinished,
    runs_unfinished_of,
    runs_with_failures,
)

__all__ = [
    "INVITED_KEY",
    "Excerpt",
    "Failure",
    "NeuronMaterial",
    "RunProgress",
    "RunToCall",
    "ToScore",
    "ToSimulate",
    "explanation_keys",
    "explanations_to_simulate",
    "latest_capture",
    "neuron_keys",
    "neuron_lines",
    "neuron_materials",
    "neuron_refs",
    "neurons_found",
    "run_failures",
    "run_progress",
    "run_reasons",
    "runs_of_capture",
    "runs_progress",
    "runs_to_call",
    "runs_unfinished",
    "runs_unfinished_of",
    "runs_with_failures",
    "simulation_keys",
    "simulations_to_score",
    "subject_named",
    "subject_to_browse",
    "subjects_to_browse",
]
