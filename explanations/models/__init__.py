"""Subjects, their neurons and records, what is said about them, and the work that produces it."""

from explanations.models.browsing import Meaning, Question, SavedNeuron
from explanations.models.images import Image, ImageImport
from explanations.models.neurons import Capture, Corpus, Document, Neuron, Record, Subject
from explanations.models.texts import (
    BY_PEOPLE,
    PERSON,
    Explanation,
    Method,
    Score,
    SimulatedRecord,
    Simulation,
)
from explanations.models.work import Call, Run, Target

__all__ = [
    "BY_PEOPLE",
    "PERSON",
    "Call",
    "Capture",
    "Corpus",
    "Document",
    "Explanation",
    "Image",
    "ImageImport",
    "Meaning",
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
