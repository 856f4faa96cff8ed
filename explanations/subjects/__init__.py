"""What has neurons. Importing this loads torch: tasks import it inside the function."""

from explanations.subjects.base import Batch, Consume, Subject, SubjectError
from explanations.subjects.loading import load
from explanations.subjects.transformers_mlp import TransformersMLP

__all__ = ["Batch", "Consume", "Subject", "SubjectError", "TransformersMLP", "load"]
