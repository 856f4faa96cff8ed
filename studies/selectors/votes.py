"""A study's comparisons as columns, read without creating objects: there may be a million."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models.fields.json import KeyTextTransform, KeyTransform

from annotation.models import Enrolment, Judgment
from annotation.protocols.compare import COMPARE
from annotation.protocols.options import TIE
from studies.analysis.data.answers import Answers
from studies.analysis.data.ratings import Codes
from studies.analysis.data.tables import Draws, Judgments
from studies.analysis.protocols.compare.columns import answers_of
from studies.models import PairDraw, Study, StudyOption
from studies.selectors.answers import chunked
from studies.selectors.drawing import study_draws

_ROWS = 20_000
_KEY = f"S{StudyOption._meta.get_field('key').max_length}"
_OPTION = np.dtype(
    [("item", "i8"), ("number", "i8"), ("key", _KEY)]
    + [(name, "i8") for name in ("explanation", "condition", "neuron", "layer")]
)
_ANSWER = np.dtype(
    [(name, "i8") for name in ("pk", "item", "rater")]
    + [("left", _KEY), ("choice", _KEY)]
    + [("confidence", "f8"), ("seconds", "f8"), ("strength", "f8")]
)
_VOTE = np.dtype(
    [(name, "i8") for name in ("pk", "place", "rater")]
    + [("left_listed_first", "?"), ("outcome", "i1")]
    + [("confidence", "f8"), ("seconds", "f8"), ("strength", "f8")]
)
_OWN = ("rater", "outcome", "left_listed_first", "confidence", "seconds")
_Table = np.ndarray[Any, np.dtype[np.void]]


class Inside(KeyTextTransform):
    """The value of a key in a JSON document; null if it is missing or null."""

    def as_sqlite(self, compiler: Any, connection: Any, **_context: Any) -> Any:
        """Compile as for MySQL: Django's version for SQLite turns null into the text "null"."""
        return KeyTransform.as_mysql(self, compiler, connection)


def study_votes(study: Study) -> Answers:
    """Return the comparisons among the current judgments, oldest first.

    Without answers to catch trials and repeats, and those that cannot tell.
    """
    options = _options(study)
    parts = [_read(_table(chunk, _ANSWER), options) for chunk in chunked(_answers(study), _ROWS)]
    votes = np.concatenate([np.zeros(0, dtype=_VOTE), *parts])
    votes = votes[np.argsort(votes["pk"])]
    row, left = votes["place"], np.where(votes["left_listed_first"], 0, 1)
    judgments = Judgments(
        unit=options["item"][row, 0],
        neuron=options["neuron"][row, 0],
        left_explanation=options["explanation"][row, left],
        right_explanation=options["explanation"][row, 1 - left],
        left_condition=options["condition"][row, left],
        right_condition=options["condition"][row, 1 - left],
        synthetic=np.isin(votes["rater"], list(_programs(study))),
        **{name: np.ascontiguousarray(votes[name]) for name in _OWN},
    )
    return answers_of(
        judgments,
        strength=votes["strength"],
        layer=options["layer"][row, 0],
        item=options["number"][row, 0],
        draws=_draws(study, judgments) if study.draws_pairs else None,
    )


def _draws(study: Study, judgments: Judgments) -> Draws:
    """Return the draw that each vote answers."""
    answered = {
        (each.item, each.rater): (each.arm == PairDraw.Arm.RANDOM, each.probability)
        for each in study_draws(study)
    }
    votes = zip(judgments.unit.tolist(), judgments.rater.tolist(), strict=True)
    drawn = [answered[vote] for vote in votes]
    return Draws(
        at_random=np.array([at_random for at_random, _ in drawn], dtype=np.bool_),
        probability=np.array([probability for _, probability in drawn], dtype=np.float64),
    )


def _table(rows: Iterable[tuple[Any, ...]], dtype: np.dtype[np.void]) -> _Table:
    return np.fromiter(rows, dtype=dtype)


def _options(study: Study) -> _Table:
    """Return the two options of each item, in the item's order, by item id.

    Only items are included whose options are both explanations that represent conditions.
    """
    index = {pk: i for i, pk in enumerate(study.conditions.values_list("pk", flat=True))}
    found = StudyOption.objects.filter(
        study_item__study=study, explanation__isnull=False, condition__isnull=False
    ).order_by("study_item__item", "place")
    about = "study_item__neuron", "study_item__neuron__layer"
    item = "study_item__item", "study_item__item__position"
    rows = found.values_list(*item, "key", "explanation", "condition", *about)
    options = _table(
        (
            (*ids, key, explanation, index[condition], neuron, layer)
            for *ids, key, explanation, condition, neuron, layer in rows.iterator(_ROWS)
        ),
        _OPTION,
    )
    _, first, n = np.unique(options["item"], return_index=True, return_counts=True)
    both: _Table = options[first[n == 2][:, None] + np.arange(2)]
    return both


def _programs(study: Study) -> Iterator[int]:
    programs = Enrolment.objects.filter(batch=study.batch_id, rater__synthetic=True)
    return programs.values_list("rater", flat=True).iterator()


def _answers(study: Study) -> Iterator[tuple[Any, ...]]:
    """Yield the current answers to items that don't test raters, in any order."""
    if study.batch is None or study.batch.protocol != COMPARE.name:
        return iter(())
    standing = Judgment.objects.standing().annotate(choice=Inside("choice", "answer"))
    votes = standing.filter(
        assignment__item__batch=study.batch,
        assignment__item__gold__isnull=True,
        assignment__item__repeats__isnull=True,
        choice__isnull=False,
    )
    columns = votes.order_by().values_list(
        "pk",
        "assignment__item",
        "assignment__rater",
        Inside("0", "assignment__order"),
        "choice",
        Inside("confidence", "answer"),
        "seconds",
        Inside("strength", "answer"),
    )
    return columns.iterator(_ROWS)


def _read(answers: _Table, options: _Table) -> _Table:
    """Return the answers to the items of `options`, each with its item's index in it."""
    items = options["item"][:, 0]
    row = np.searchsorted(items, answers["item"])
    known = np.append(items, -1)[row] == answers["item"]
    answers, row = answers[known], row[known]
    votes = np.empty(len(answers), dtype=_VOTE)
    for name in ("pk", "rater", "confidence", "seconds", "strength"):
        votes[name] = answers[name]
    votes["place"] = row
    votes["left_listed_first"] = answers["left"] == options["key"][row, 0]
    votes["outcome"] = _outcome(answers["choice"], answers["left"])
    return votes


def _outcome(choice: npt.NDArray[np.bytes_], left: npt.NDArray[np.bytes_]) -> Codes:
    return np.where(choice == TIE.encode(), 0, np.where(choice == left, 1, -1))
