"""The work on neurons, for pages and programs."""

from explanations.api.questions import QuestionDetail, QuestionList
from explanations.api.runs import RunDetail, RunList, RunResume, RunRetry

__all__ = ["QuestionDetail", "QuestionList", "RunDetail", "RunList", "RunResume", "RunRetry"]
