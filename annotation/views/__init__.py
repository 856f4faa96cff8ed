"""The rater's pages: invitation, instructions, questions, the end.

A rater is known by a signed cookie; no session is read or written. Pages that show what raters must
not know read the cookie too.
"""

from annotation.views.accounts import account, log_in, log_out, new_account, new_password
from annotation.views.common import image_sent, kept_by_the_browser, rater_of
from annotation.views.entry import check, instructions, invitation, resume
from annotation.views.practising import practice
from annotation.views.questions import answer, done, hold, image, next_question, skip

__all__ = [
    "account",
    "answer",
    "check",
    "done",
    "hold",
    "image",
    "image_sent",
    "instructions",
    "invitation",
    "kept_by_the_browser",
    "log_in",
    "log_out",
    "new_account",
    "new_password",
    "next_question",
    "practice",
    "rater_of",
    "resume",
    "skip",
]
