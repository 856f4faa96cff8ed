"""The forms of a question, one module each."""

from typing import Any

from annotation.protocols import compare
from annotation.protocols.base import QuestionForm

PROTOCOLS: dict[str, QuestionForm[Any]] = {
    compare.NAME: compare.FORM,
}
