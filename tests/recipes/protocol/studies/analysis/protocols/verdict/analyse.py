"""How often people say that an explanation fits, by condition."""

from dataclasses import dataclass

import numpy as np

from studies.analysis.data.answers import Answers, StudyTables
from studies.analysis.data.plan import Plan
from studies.analysis.protocols.agreement import Measure, on_names
from studies.analysis.protocols.rater_comparison import AgreementInput
from studies.analysis.statistics.condition_means import ConditionMeans, condition_means


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """The share of yes by condition, and how far raters agree."""

    means: ConditionMeans
    agreement: tuple[Measure, ...]


def analyse(tables: StudyTables, answers: Answers, _plan: Plan) -> Verdicts:
    """Analyse verdicts."""
    judgments, yes = answers.judgments, answers.responses.value
    return Verdicts(
        means=condition_means(
            np.array(tables.conditions, dtype=np.str_)[judgments.condition],
            judgments.neuron,
            judgments.rater,
            yes,
            expected=tables.conditions,
            bounds=(0.0, 1.0),
            what="share of yes",
        ),
        agreement=on_names(agreement_input(tables, answers)),
    )


def agreement_input(_tables: StudyTables, answers: Answers) -> AgreementInput:
    """Return who said yes."""
    return AgreementInput(
        unit=answers.judgments.unit,
        rater=answers.judgments.rater,
        value=answers.responses.value.astype(np.intp),
        judgment=answers.responses.judgment,
        categories=(0, 1),
        level="nominal",
    )
