"""What an analysis of a study starts from, whatever it asks."""

from studies.analysis.data.answers import AnswerTables
from studies.analysis.data.tables import StudyTables
from studies.models import Study
from studies.selectors.answer_tables import answer_tables
from studies.selectors.tables import study_tables


def analysed_tables(study: Study) -> StudyTables | AnswerTables:
    """Return a study's judgments that stand now, all scores, and what became of the rest."""
    return study_tables(study) if study.compares else answer_tables(study)
