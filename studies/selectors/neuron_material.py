"""What there is for the questions of a preset, neuron by neuron."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from annotation.protocols.options import MAX_OPTION_LENGTH
from explanations.models import Explanation, Score
from explanations.records import NeuronRef, Split
from explanations.services.ground_truth import TRUTH
from studies.design.excerpts import RecordFacts, choose, foreign, highest, lowest, quiet, sample
from studies.design.items import Candidate, plain
from studies.design.questions import Unit
from studies.design.seeds import stream
from studies.models import Condition, Study
from studies.presets.base import Continuations, Excerpts, ExplanationText, Needs
from studies.selectors.material import candidates_of, records_of

_OF_OTHERS = 3
"""Records that each neuron lends to the questions about others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """A neuron with what its questions are made of: ids of records by need, texts."""

    unit: Unit
    records: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    truths: tuple[ExplanationText, ...] = ()
    continuations: tuple[Continuations, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a neuron is, and how high it fires."""

    pk: int
    subject: int
    name: str
    maximum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _All:
    """What is read at once for all neurons of a study."""

    study: Study
    needs: Needs
    candidates: Mapping[int, Sequence[Candidate]]
    records: Mapping[Split, Mapping[int, list[RecordFacts]]]
    of_subject: Mapping[int, Sequence[_Place]]
    truths: Mapping[int, Mapping[int, ExplanationText]]
    continuations: Mapping[int, tuple[Continuations, ...]]


def stocks(study: Study, conditions: Sequence[Condition], *, truths: bool = False) -> list[Stock]:
    """Return what there is for each of a study's neurons.

    Descriptions that are known to be true are read where the preset needs them, or with `truths`.
    """
    places = _places(study)
    needs = study.design.needs
    of_subject = defaultdict[int, list[_Place]](list)
    for place in places:
        of_subject[place.subject].append(place)
    everything = _All(
        study=study,
        needs=needs,
        candidates=candidates_of(study, conditions),
        records={
            split: records_of(study, split, images=needs.images)
            for split in {e.split for e in needs.excerpts}
        },
        of_subject=of_subject,
        truths=_truths(of_subject) if needs.truths or truths else {},
        continuations=_continuations(study, needs.continuations) if needs.continuations else {},
    )
    return [_stock(everything, place) for place in places]


def _places(study: Study) -> list[_Place]:
    rows = study.neurons.order_by("subject__name", "layer", "index").values_list(
        "pk", "subject", "subject__name", "layer", "index", "maximum"
    )
    return [
        _Place(
            pk=pk,
            subject=subject,
            name=f"{name} {NeuronRef(layer=layer, index=index)}",
            maximum=maximum,
        )
        for pk, subject, name, layer, index, maximum in rows
    ]


def _stock(everything: _All, place: _Place) -> Stock:
    needs = everything.needs
    records = {need.name: _chosen(everything, place, need) for need in needs.excerpts}
    truths = _own_first(everything, place)
    continuations = everything.continuations.get(place.pk, ())
    missing = [
        f"without {_in_words(need, images=needs.images)}"
        for need in needs.excerpts
        if len(records[need.name]) < need.least
    ]
    if needs.fires and place.maximum <= 0:
        missing.insert(0, "without any activation: the excerpts would be blank")
    if needs.truths and len(truths) <= needs.truths:
        missing.append(f"without a known true description, or {needs.truths} of other neurons")
    if needs.continuations and not continuations:
        missing.append("without texts of an intervention: score them by “intervention” before")
    unit = Unit(
        neuron=place.pk,
        name=place.name,
        candidates=tuple(everything.candidates.get(place.pk, ())),
        missing=next(iter(missing), ""),
    )
    return Stock(unit=unit, records=records, truths=truths, continuations=continuations)


# --- Records --------------------------------------------------------------------------------------


def _chosen(everything: _All, place: _Place, need: Excerpts) -> tuple[int, ...]:
    study = everything.study
    records = everything.records[need.split]
    own = records.get(place.pk, [])
    n = need.n or study.excerpts
    if need.choice == "top":
        return highest(own, n, maximum=place.maximum)
    if need.choice == "random":
        return sample(own, n, seed=study.seed, neuron=place.name)
    if need.choice == "quiet":
        return quiet(own, n, maximum=place.maximum, seed=study.seed, neuron=place.name)
    if need.choice == "lowest":
        return lowest(own, n, maximum=place.maximum)
    if need.choice == "other":
        return foreign(
            own, _lent(everything, place, records), n, seed=study.seed, neuron=place.name
        )
    return choose(own, n, seed=study.seed, neuron=place.name)


def _lent(
    everything: _All, place: _Place, records: Mapping[int, list[RecordFacts]]
) -> list[RecordFacts]:
    """Return a few of the highest records of up to twenty other neurons of the subject, drawn."""
    others = [each for each in everything.of_subject[place.subject] if each.pk != place.pk]
    random = stream(everything.study.seed, "lenders", place.name)
    n = min(len(others), 20)
    lenders = [others[i] for i in random.choice(len(others), n, replace=False)] if n else []
    found = []
    for each in lenders:
        facts = {record.record: record for record in records.get(each.pk, [])}
        found += [facts[pk] for pk in highest([*facts.values()], _OF_OTHERS, maximum=each.maximum)]
    return found


_WORDS = {
    "mixed": "a record to show",
    "top": "{n} on which it fires",
    "random": "a record that was kept at random",
    "quiet": "{n} on which it hardly fires",
    "lowest": "{n} on which it hardly fires",
    "other": "a top record of another neuron of the study",
}


def _in_words(need: Excerpts, *, images: bool) -> str:
    noun = "image" if images else "record"
    n = f"a{'n' if images else ''} {noun}" if need.least == 1 else f"{need.least} {noun}s"
    split = "" if need.split is Split.EXPLAIN else f", held out (split “{need.split}”)"
    return _WORDS[need.choice].format(n=n) + split


# --- Texts ----------------------------------------------------------------------------------------


def _truths(subjects: Iterable[int]) -> dict[int, dict[int, ExplanationText]]:
    """Return the descriptions known to be true, by subject and neuron."""
    rows = Explanation.objects.filter(method__name=TRUTH.name, neuron__subject__in=list(subjects))
    found = defaultdict[int, dict[int, ExplanationText]](dict)
    for subject, neuron, pk, text in rows.order_by("pk").values_list(
        "neuron__subject", "neuron", "pk", "text"
    ):
        if len(text) <= MAX_OPTION_LENGTH:
            found[subject].setdefault(
                neuron, ExplanationText(explanation=pk, condition=None, text=text)
            )
    return found


def _own_first(everything: _All, place: _Place) -> tuple[ExplanationText, ...]:
    """Return a neuron's true description and, drawn, different ones of other neurons."""
    known = everything.truths.get(place.subject, {})
    own = known.get(place.pk)
    if own is None:
        return ()
    others = [said for neuron, said in known.items() if neuron != place.pk]
    stream(everything.study.seed, "truths", place.name).shuffle(others)
    different = {plain(said.text): said for said in (*others, own)}
    del different[plain(own.text)]
    return (own, *list(different.values())[: max(everything.needs.truths, 1)])


def _continuations(study: Study, n: int) -> dict[int, tuple[Continuations, ...]]:
    """Return what the model wrote for each neuron, from the first score by intervention."""
    rows = Score.objects.filter(
        method__name="intervention", value__isnull=False, explanation__neuron__studies=study
    ).order_by("pk")
    found: dict[int, tuple[Continuations, ...]] = {}
    for neuron, details in rows.values_list("explanation__neuron", "details"):
        texts = [
            Continuations(prompt=b, baseline=p, clamped=h)
            for b, p, h in details.get("texts", [])[:n]
        ]
        if texts:
            found.setdefault(neuron, tuple(texts))
    return found
