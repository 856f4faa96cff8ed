"""The rater's pages: invitation, instructions, questions, the end.

A rater is known by a signed cookie; no session is read or written. Pages that show what raters must
not know read the cookie too.
"""

from annotation.views.common import rater_of
from annotation.views.entering import check, instructions, invitation, resume
from annotation.views.practising import practice
from annotation.views.questions import answer, done, hold, image, next_question, skip

__all__ = [
    "answer",
    "check",
    "done",
    "hold",
    "image",
    "instructions",
    "invitation",
    "next_question",
    "practice",
    "rater_of",
    "resume",
    "skip",
]
