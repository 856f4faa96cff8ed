"""Studies: designs, the explanations behind each item, and outcomes."""

from studies.models.designs import PAIRWISE, Condition, Study
from studies.models.items import PairDraw, StudyItem, StudyOption
from studies.models.outcomes import Adoption, Analysis, Registration

__all__ = [
    "PAIRWISE",
    "Adoption",
    "Analysis",
    "Condition",
    "PairDraw",
    "Registration",
    "Study",
    "StudyItem",
    "StudyOption",
]
