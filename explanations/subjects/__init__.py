"""What has neurons. Importing this loads torch: tasks import it inside the function."""

from explanations.subjects.base import Batch, Consume, Subject, SubjectError
from explanations.subjects.feature_reader import ModelFeatures
from explanations.subjects.functions import TextFunctions
from explanations.subjects.load import load
from explanations.subjects.load_transformer import load_transformer
from explanations.subjects.transformers_mlp import TransformersMLP

__all__ = [
    "Batch",
    "Consume",
    "ModelFeatures",
    "Subject",
    "SubjectError",
    "TextFunctions",
    "TransformersMLP",
    "load",
    "load_transformer",
]
