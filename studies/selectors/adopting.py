"""Which of a study's answers can be adopted, and which were."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F

from annotation.models import Judgment
from annotation.selectors.raters import excluded_raters
from studies.models import Adoption, Study, StudyItem
from studies.selectors.answers import chunked

_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoptable:
    """An answer that was not adopted yet; `records` are those shown, in the payload's order.

    `person` is the rater's pseudonym in the study.
    """

    judgment: int
    assignment: int
    person: str
    neuron: int
    explanation: int | None
    records: tuple[int, ...]
    payload: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptionState:
    """How many answers wait to be adopted, were adopted, were unusable, or are left out, and why.

    If an adopted answer is corrected, both count.
    """

    what: str
    waiting: int
    adopted: int
    failed: tuple[tuple[str, int], ...]
    left_out: tuple[tuple[str, int], ...]


def writers_of(explanations: Collection[int]) -> Mapping[int, frozenset[int]]:
    """Return the ids of the raters whose text was adopted as each explanation."""
    writers = defaultdict[int, set[int]](set)
    for some in chunked(iter(sorted(explanations)), _ROWS):
        adopted = Adoption.objects.filter(explanation__in=some)
        for explanation, rater in adopted.values_list("explanation", "judgment__assignment__rater"):
            writers[explanation].add(rater)
    return {explanation: frozenset(raters) for explanation, raters in writers.items()}


def adoption_state(study: Study) -> AdoptionState | None:
    """Return the state of adoption; None if the protocol has none."""
    what = study.protocol_analysis.adopts
    if study.batch is None or not what:
        return None
    left_out, waiting = Counter[str](), 0
    for reason, _ in _answers(study):
        if reason:
            left_out[reason] += 1
        else:
            waiting += 1
    there = Adoption.objects.filter(study=study)
    failed = there.exclude(reason="").order_by().values_list("reason").annotate(n=Count("pk"))
    return AdoptionState(
        what=what,
        waiting=waiting,
        adopted=there.filter(reason="").count(),
        failed=tuple(failed.order_by("-n", "reason")),
        left_out=tuple(left_out.most_common()),
    )


def adoptable(study: Study) -> Iterator[Adoptable]:
    """Yield the answers that wait to be adopted, oldest first."""
    for reason, row in _answers(study):
        if not reason:
            yield Adoptable(
                judgment=row["pk"],
                assignment=row["assignment"],
                person=study.pseudonym(row["rater_key"]),
                neuron=row["neuron"],
                explanation=row["explanation"],
                records=tuple(row["records"]),
                payload=row["payload"],
                answer=row["answer"],
            )


def _answers(study: Study) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the valid answers not adopted yet, each with the reason if it may not be adopted."""
    excluded = excluded_raters(study.batch) if study.batch else {}
    rule_of = {rater: rule for rule, raters in reversed(excluded.items()) for rater in raters}
    standing = Judgment.objects.standing().filter(assignment__item__batch=study.batch_id)
    rows = standing.exclude(pk__in=Adoption.objects.filter(study=study).values("judgment"))
    columns = rows.order_by("pk").values(
        *("pk", "assignment", "answer"),
        rater=F("assignment__rater"),
        rater_key=F("assignment__rater__key"),
        synthetic=F("assignment__rater__synthetic"),
        item=F("assignment__item"),
        payload=F("assignment__item__payload"),
    )
    for chunk in chunked(columns.iterator(_ROWS), _ROWS):
        behind = _behind(row["item"] for row in chunk)
        for row in chunk:
            whole = {**row, **behind[row["item"]]}
            yield _not_adopted(whole, rule_of), whole


def _behind(items: Iterable[int]) -> dict[int, Any]:
    rows = StudyItem.objects.filter(item__in=set(items))
    return {
        row["item"]: row for row in rows.values("item", "role", "neuron", "explanation", "records")
    }


def _not_adopted(row: Mapping[str, Any], rule_of: Mapping[int, str]) -> str:
    """Return why an answer may not be adopted; empty if it may."""
    if row["synthetic"]:
        return "given by a program"
    if row["role"] != StudyItem.Role.MAIN:
        return "from a question that tests raters"
    if rule := rule_of.get(row["rater"]):
        return f"by a rater whom the rule “{rule}” excludes"
    return "“cannot tell”" if "cannot_tell" in row["answer"] else ""
