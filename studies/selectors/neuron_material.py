"""The material for a preset's questions, per neuron."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import nan
from operator import itemgetter

from annotation.protocols.options import MAX_OPTION_LENGTH
from explanations.models import Explanation, Neuron, Record, Score
from explanations.records import RecordKind, Split
from explanations.services.ground_truth import TRUTH
from studies.design.candidates import Candidate, Unit, normalized
from studies.design.excerpts import RecordFacts, choose, foreign, highest, lowest, quiet, sample
from studies.design.seeds import stream
from studies.models import Condition, Study
from studies.presets.base import Continuations, Excerpts, ExplanationText, Needs, ShownRecord
from studies.selectors.heatmap import heated
from studies.selectors.images import image_of
from studies.selectors.material import chunked, of_conditions, scores_by_explanation

_MOST_LENDERS = 20
_LENT = 3
"""Number of records from each of up to twenty other neurons that are candidates for a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronMaterial:
    """The material of a neuron's questions: ids of records by need, and texts."""

    unit: Unit
    records: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    truths: tuple[ExplanationText, ...] = ()
    continuations: tuple[Continuations, ...] = ()


def neuron_materials(study: Study, conditions: Sequence[Condition]) -> list[NeuronMaterial]:
    """Return the material of each of a study's neurons, in the order of layers and indices."""
    source = _Source(study, conditions)
    return [source.material(neuron) for neuron in source.neurons]


def shown_records(records: Iterable[int]) -> dict[int, ShownRecord]:
    """Return records by id as raters see them: levels are relative to the neuron's maximum."""
    result = dict[int, ShownRecord]()
    for chunk in chunked(records):
        found = Record.objects.filter(pk__in=chunk)
        for record in found.select_related("neuron__subject", "document__image"):
            result[record.pk] = ShownRecord(
                record=record.pk,
                excerpt=heated(record.excerpt, record.neuron.maximum),
                values=tuple(record.excerpt.activations.tolist()),
                image=image_of(record),
                function=record.neuron.subject.is_functions,
            )
    return result


def _name(neuron: Neuron) -> str:
    """Return a neuron's name in random choices; it is the same in any database."""
    return f"{neuron.subject.name} {neuron.ref}"


class _Source:
    """The data that is read at once for all neurons of a study."""

    def __init__(self, study: Study, conditions: Sequence[Condition]) -> None:
        self.study = study
        self.needs: Needs = study.design.needs
        self.neurons: list[Neuron] = list(
            study.neurons.select_related("subject").order_by("subject__name", "layer", "index")
        )
        self.n_truths = self.needs.truths or (self.needs.catch_truths if study.catches else 0)
        self.candidates = _candidates(study, conditions)
        self.records = {
            split: _records(study, split, images=self.needs.images)
            for split in {need.split for need in self.needs.excerpts}
        }
        subjects = {neuron.subject_id for neuron in self.neurons}
        self.truths = _truths(subjects) if self.n_truths else {}
        n = self.needs.continuations
        self.continuations = _continuations(study, n) if n else {}

    def material(self, neuron: Neuron) -> NeuronMaterial:
        """Return a neuron's material, and the first thing that is missing."""
        records = {need.name: self._chosen(neuron, need) for need in self.needs.excerpts}
        truths = self._true_and_others(neuron)
        continuations = self.continuations.get(neuron.pk, ())
        missing = [
            f"without {_in_words(need, images=self.needs.images)}"
            for need in self.needs.excerpts
            if len(records[need.name]) < need.least
        ]
        if self.needs.fires and neuron.maximum <= 0:
            missing.insert(0, "without any activation")
        if self.needs.truths and len(truths) <= self.needs.truths:
            missing.append(
                f"without a known true description, or without {self.needs.truths} of other neurons"
            )
        if self.needs.continuations and not continuations:
            missing.append("without intervention texts: run the scorer “intervention” first")
        unit = Unit(
            neuron=neuron.pk,
            name=_name(neuron),
            candidates=tuple(self.candidates.get(neuron.pk, ())),
            missing=next(iter(missing), ""),
        )
        return NeuronMaterial(
            unit=unit, records=records, truths=truths, continuations=continuations
        )

    # --- Records ------------------------------------------------------------------------------

    def _chosen(self, neuron: Neuron, need: Excerpts) -> tuple[int, ...]:
        own = self.records[need.split].get(neuron.pk, [])
        n, name, seed = need.n or self.study.excerpts, _name(neuron), self.study.seed
        if need.choice == "top":
            return highest(own, n, maximum=neuron.maximum)
        if need.choice == "random":
            return sample(own, n, seed=seed, neuron=name)
        if need.choice == "quiet":
            return quiet(own, n, maximum=neuron.maximum, seed=seed, neuron=name)
        if need.choice == "lowest":
            return lowest(own, n, maximum=neuron.maximum)
        if need.choice == "other":
            return foreign(own, self._of_others(neuron, need.split), n, seed=seed, neuron=name)
        return choose(own, n, seed=seed, neuron=name)

    def _of_others(self, neuron: Neuron, split: Split) -> list[RecordFacts]:
        """Return a few top records of up to twenty other neurons of the subject."""
        others = [
            each
            for each in self.neurons
            if each.subject_id == neuron.subject_id and each.pk != neuron.pk
        ]
        random = stream(self.study.seed, "lenders", _name(neuron))
        n = min(len(others), _MOST_LENDERS)
        lenders = [others[i] for i in random.choice(len(others), n, replace=False)] if n else []
        found = []
        for each in lenders:
            facts = {record.record: record for record in self.records[split].get(each.pk, [])}
            top = highest([*facts.values()], _LENT, maximum=each.maximum)
            found += [facts[pk] for pk in top]
        return found

    # --- Texts --------------------------------------------------------------------------------

    def _true_and_others(self, neuron: Neuron) -> tuple[ExplanationText, ...]:
        """Return a neuron's true description, then different ones of other neurons, sampled."""
        known = self.truths.get(neuron.subject_id, {})
        own = known.get(neuron.pk)
        if own is None:
            return ()
        others = [truth for pk, truth in known.items() if pk != neuron.pk]
        stream(self.study.seed, "truths", _name(neuron)).shuffle(others)
        different = {normalized(truth.text): truth for truth in (*others, own)}
        del different[normalized(own.text)]
        return (own, *list(different.values())[: self.n_truths])


_WORDS = {
    "mixed": "a record to show",
    "top": "{n} with strong activation",
    "random": "a record kept at random",
    "quiet": "{n} with little activation",
    "lowest": "{n} with little activation",
    "other": "a top record of another neuron of the study",
}


def _in_words(need: Excerpts, *, images: bool) -> str:
    noun = "image" if images else "record"
    n = f"a{'n' if images else ''} {noun}" if need.least == 1 else f"{need.least} {noun}s"
    split = "" if need.split is Split.EXPLAIN else f", held out (split “{need.split}”)"
    return _WORDS[need.choice].format(n=n) + split


def _candidates(study: Study, conditions: Sequence[Condition]) -> dict[int, list[Candidate]]:
    """Return the explanations that could represent each condition, by neuron."""
    number = {condition.method_id: i for i, condition in enumerate(conditions)}
    rows = (
        Explanation.objects.filter(of_conditions(conditions), neuron__studies=study)
        .order_by("pk")
        .values_list("pk", "neuron", "method", "text")
    )
    by_score = study.pairing == Study.Pairing.ADJACENT
    scores = scores_by_explanation(study.neurons.all()) if by_score else {}
    result = defaultdict[int, list[Candidate]](list)
    for pk, neuron, method, text in rows:
        condition = number[method if method in number else None]
        score = scores.get(pk, nan)
        result[neuron].append(
            Candidate(explanation=pk, condition=condition, text=text, score=score)
        )
    return result


def _records(study: Study, split: Split, *, images: bool) -> dict[int, list[RecordFacts]]:
    """Return a split's records by neuron: those of texts, or those of images."""
    rows = (
        Record.objects.filter(
            neuron__studies=study, document__split=split, document__image__isnull=not images
        )
        .order_by("neuron")
        .values_list("neuron", "pk", "kind", "peak", "document")
    )
    return {
        neuron: [
            RecordFacts(record=pk, kind=RecordKind(kind), peak=peak, document=document)
            for _, pk, kind, peak, document in group
        ]
        for neuron, group in groupby(rows.iterator(), key=itemgetter(0))
    }


def _truths(subjects: Collection[int]) -> dict[int, dict[int, ExplanationText]]:
    """Return the descriptions known to be true, by subject and neuron."""
    rows = Explanation.objects.filter(method__name=TRUTH.name, neuron__subject__in=subjects)
    found = defaultdict[int, dict[int, ExplanationText]](dict)
    for subject, neuron, pk, text in rows.order_by("pk").values_list(
        "neuron__subject", "neuron", "pk", "text"
    ):
        if len(text) <= MAX_OPTION_LENGTH:
            truth = ExplanationText(explanation=pk, condition=None, text=text)
            found[subject].setdefault(neuron, truth)
    return found


def _continuations(study: Study, n: int) -> dict[int, tuple[Continuations, ...]]:
    """Return what the model wrote for each neuron, from the first score by intervention."""
    rows = Score.objects.filter(
        method__name="intervention", value__isnull=False, explanation__neuron__studies=study
    ).order_by("pk")
    found: dict[int, tuple[Continuations, ...]] = {}
    for neuron, details in rows.values_list("explanation__neuron", "details"):
        texts = tuple(
            Continuations(prompt=prompt, baseline=baseline, clamped=clamped)
            for prompt, baseline, clamped in details.get("texts", [])[:n]
        )
        if texts:
            found.setdefault(neuron, texts)
    return found
