"""What raters preferred for each neuron, from the current judgments of all studies."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.db.models.fields.json import KeyTextTransform

from annotation.models import Judgment
from annotation.protocols.compare import COMPARE
from annotation.protocols.options import TIE
from explanations.models import Subject
from explanations.records import NeuronRef
from studies.models import StudyItem, StudyOption
from studies.presets import PRESETS

ENOUGH = 4
"""Minimum number of judgments for listing a neuron as disputed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """How often an explanation was preferred, tied and compared, including synthetic votes."""

    wins: int
    ties: int
    comparisons: int
    synthetic: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """Disagreement on a neuron: numbers of pairs of votes on one item, and of those that differ."""

    ref: NeuronRef
    differing: int
    pairs: int
    judgments: int
    synthetic: int

    @property
    def weight(self) -> float:
        """The share of pairs that differ, shrunk as if two more pairs were split evenly."""
        return (self.differing + 1) / (self.pairs + 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """The votes on one item, by choice."""

    by_choice: Mapping[str, int]
    synthetic: int

    @property
    def total(self) -> int:
        return sum(self.by_choice.values())

    @property
    def pairs(self) -> int:
        return self.total * (self.total - 1) // 2

    @property
    def differing(self) -> int:
        return self.pairs - sum(n * (n - 1) // 2 for n in self.by_choice.values())


def preferences(neuron: int) -> dict[int, Preference]:
    """Return the preferences for each explanation of a neuron, by key, if it was ever compared."""
    items = _compared().filter(neuron=neuron)
    options = StudyOption.objects.filter(study_item__in=items)
    behind = list(options.values_list("study_item__item", "key", "explanation"))
    votes = votes_on(items) if behind else {}
    counts = defaultdict[int, Counter[str]](Counter)
    for item, key, explanation in behind:
        if item in votes:
            counts[explanation].update(
                wins=votes[item].by_choice.get(key, 0),
                ties=votes[item].by_choice.get(TIE, 0),
                comparisons=votes[item].total,
                synthetic=votes[item].synthetic,
            )
    return {explanation: Preference(**count) for explanation, count in counts.items()}


def neurons_disputed(subject: Subject, keep: int = 50) -> tuple[Disputed, ...]:
    """Return the neurons whose raters disagreed most, of those with `ENOUGH` judgments."""
    items = _compared().filter(neuron__subject=subject)
    votes = votes_on(items)
    by_neuron = defaultdict[NeuronRef, list[Votes]](list)
    for item, layer, index in items.values_list("item", "neuron__layer", "neuron__index"):
        if item in votes:
            by_neuron[NeuronRef(layer=layer, index=index)].append(votes[item])
    rows = [_disputed(ref, each) for ref, each in by_neuron.items() if _enough(each)]
    rows.sort(key=lambda row: (-row.weight, row.ref))
    return tuple(row for row in rows if row.differing)[:keep]


_COMPARISONS = [each.name for each in PRESETS.values() if each.protocol == COMPARE.name]


def _compared() -> QuerySet[StudyItem]:
    """Return the comparisons, without catch trials and repeats."""
    return StudyItem.objects.filter(study__preset__in=_COMPARISONS, role=StudyItem.Role.MAIN)


def _enough(votes: Iterable[Votes]) -> bool:
    return sum(each.total for each in votes) >= ENOUGH and any(each.pairs for each in votes)


def _disputed(ref: NeuronRef, votes: list[Votes]) -> Disputed:
    return Disputed(
        ref=ref,
        differing=sum(each.differing for each in votes),
        pairs=sum(each.pairs for each in votes),
        judgments=sum(each.total for each in votes),
        synthetic=sum(each.synthetic for each in votes),
    )


def votes_on(items: QuerySet[StudyItem]) -> dict[int, Votes]:
    """Count the current votes on items, by item; items without votes are left out."""
    standing = Judgment.objects.standing().filter(
        assignment__item__in=items.values("item"),
        assignment__item__gold__isnull=True,
        assignment__item__repeats=None,
        answer__has_key="choice",
    )
    rows = (
        standing.order_by()
        .annotate(choice=KeyTextTransform("choice", "answer"))
        .values_list("assignment__item", "choice", "assignment__rater__synthetic")
        .annotate(n=Count("pk"))
    )
    choices, synthetic = defaultdict[int, Counter[str]](Counter), Counter[int]()
    for item, choice, by_program, n in rows:
        choices[item][choice] += n
        synthetic[item] += n if by_program else 0
    return {
        item: Votes(by_choice=counts, synthetic=synthetic[item]) for item, counts in choices.items()
    }
