"""Subjects, their neurons and records, explanations of them, and the runs that produce these."""

from explanations.models.explanations import (
    BY_PEOPLE,
    PERSON,
    Explanation,
    Method,
    Score,
    SimulatedRecord,
    Simulation,
)
from explanations.models.images import Image, ImageImport
from explanations.models.neurons import Capture, Corpus, Document, Neuron, Record, Subject
from explanations.models.questions import Embedding, Question, SavedNeuron
from explanations.models.runs import Call, Run, Target

__all__ = [
    "BY_PEOPLE",
    "PERSON",
    "Call",
    "Capture",
    "Corpus",
    "Document",
    "Embedding",
    "Explanation",
    "Image",
    "ImageImport",
    "Method",
    "Neuron",
    "Question",
    "Record",
    "Run",
    "SavedNeuron",
    "Score",
    "SimulatedRecord",
    "Simulation",
    "Subject",
    "Target",
]
