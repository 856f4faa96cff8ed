"""The work on neurons, for pages and programs."""

from explanations.api.questions import QuestionDetail, QuestionList
from explanations.api.runs import RunDetail, RunList

__all__ = ["QuestionDetail", "QuestionList", "RunDetail", "RunList"]
