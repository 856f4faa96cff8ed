"""The forms of a question, one module each."""

from typing import Any

from annotation.protocols import choose, compare, mark, rank, rate, simulate, write
from annotation.protocols.base import QuestionForm

PROTOCOLS: dict[str, QuestionForm[Any]] = {
    compare.NAME: compare.FORM,
    rank.NAME: rank.FORM,
    rate.NAME: rate.FORM,
    choose.NAME: choose.FORM,
    mark.NAME: mark.FORM,
    simulate.NAME: simulate.FORM,
    write.NAME: write.FORM,
}
