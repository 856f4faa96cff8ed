"""What writes: building and running studies, asking for and storing their analyses."""

from studies.services.adopting import Adopted, study_adopt
from studies.services.analyses import (
    ANALYSE,
    analysis_call,
    analysis_claim,
    analysis_fail,
    analysis_renew,
    analysis_request,
    analysis_store,
    analysis_tell,
)
from studies.services.building import Built, study_build, study_unbuild
from studies.services.drawing import items_supply, pairs_choose
from studies.services.errors import StudyRefused
from studies.services.from_preset import Choices, study_start
from studies.services.lifecycle import study_close, study_open
from studies.services.neurons import neurons_add, neurons_add_explained, neurons_remove
from studies.services.registering import registration_freeze
from studies.services.simulation import raters_simulate

__all__ = [
    "ANALYSE",
    "Adopted",
    "Built",
    "Choices",
    "StudyRefused",
    "analysis_call",
    "analysis_claim",
    "analysis_fail",
    "analysis_renew",
    "analysis_request",
    "analysis_store",
    "analysis_tell",
    "items_supply",
    "neurons_add",
    "neurons_add_explained",
    "neurons_remove",
    "pairs_choose",
    "raters_simulate",
    "registration_freeze",
    "study_adopt",
    "study_build",
    "study_close",
    "study_open",
    "study_start",
    "study_unbuild",
]
