"""Neurons with known truth: made functions with their records and descriptions."""

from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction

from explanations.formats.lines import (
    ExplanationLine,
    MethodLine,
    NeuronLine,
    RecordLine,
    SubjectLine,
)
from explanations.ground_truth import sets
from explanations.ground_truth.made import FunctionSet, Kind
from explanations.ground_truth.pairs import INPUTS, Pair, written
from explanations.models import Neuron, Subject
from explanations.records import AuthorKind, RecordKind, Split, deal
from explanations.services.imports import neuron_import
from explanations.services.imports_scores import Counts
from explanations.stores.reader import CaptureConfig, Keep

GROUND_TRUTH_SOURCE = "functions:"
REVISION = "1"

TRUTH = MethodLine(name="ground_truth", version=1)
PROGRAM = MethodLine(name="ground_truth_program", version=1)
NEAR = MethodLine(name="distractor", version=1, config={"kind": "near"})
FAR = MethodLine(name="distractor", version=1, config={"kind": "far"})


@transaction.atomic
def ground_truth_make(*, function_set: FunctionSet) -> Counts:
    """Store a set of functions of numbers or strings: neurons, records and explanations.

    What is stored already stays. Raises `ValueError` for functions of texts, which are captured.
    """
    if function_set.kind is Kind.TEXT:
        raise ValueError("functions of texts get their records from a capture")
    subject = _subject(function_set)
    counts = Counts()
    for index, said in enumerate(sets.descriptions(function_set)):
        records = tuple(_records(sets.pairs(function_set, index), function_set.seed))
        line = NeuronLine(
            subject=subject,
            layer=0,
            index=index,
            maximum=_maximum(records),
            records=records,
            explanations=tuple(_explanations(said)),
        )
        counts.add(neuron_import(line=line))
    return counts


@transaction.atomic
def ground_truth_describe(*, subject: Subject, function_set: FunctionSet) -> Counts:
    """Store the explanations of each of a subject's captured functions of texts."""
    said, counts = sets.descriptions(function_set), Counts()
    for neuron in Neuron.objects.filter(subject=subject, layer=0, index__lt=function_set.count):
        line = NeuronLine(
            subject=SubjectLine(name=subject.name, layers=subject.layers, width=subject.width),
            layer=0,
            index=neuron.index,
            maximum=neuron.maximum,
            explanations=tuple(_explanations(said[neuron.index])),
        )
        counts.add(neuron_import(line=line))
    return counts


@transaction.atomic
def function_records_store(*, neuron: Neuron, pairs: Sequence[Pair], seed: int) -> Counts:
    """Store the outputs of a function without records on inputs, dealt into splits.

    From then on the subject is known to consist of functions. Raises `ValueError` where the
    function has records, and where there is nothing to store.
    """
    if neuron.records.exists():
        raise ValueError(f"{neuron} has records already")
    records = tuple(_records(pairs, seed))
    if not records:
        raise ValueError(f"{neuron} gave nothing")
    neuron.maximum = _maximum(records)
    neuron.save(update_fields=["maximum"])
    subject = neuron.subject
    subject.tokenizer = INPUTS
    subject.save(update_fields=["tokenizer"])
    line = NeuronLine(
        subject=SubjectLine(name=subject.name, layers=subject.layers, width=subject.width),
        layer=neuron.layer,
        index=neuron.index,
        maximum=neuron.maximum,
        records=records,
    )
    return neuron_import(line=line)


def _maximum(records: Iterable[RecordLine]) -> float:
    return max(0.0, *(value for record in records for value in record.activations))


def _subject(function_set: FunctionSet) -> SubjectLine:
    source = GROUND_TRUTH_SOURCE + function_set.name
    return SubjectLine(
        name=source,
        source=source,
        revision=REVISION,
        hook="function",
        dtype="float32",
        tokenizer=INPUTS,
        layers=1,
        width=function_set.count,
    )


def _explanations(said: sets.Descriptions) -> Iterator[ExplanationLine]:
    for method, text in (
        (TRUTH, said.truth),
        (PROGRAM, said.program),
        (NEAR, said.near_distractor),
        (FAR, said.far_distractor),
    ):
        if text:
            name = "-".join([method.name, *map(str, method.config.values())])
            yield ExplanationLine(
                id=name, text=text.strip(), author_kind=AuthorKind.CONTROL, method=method
            )


def _records(pairs: Iterable[Pair], seed: int) -> Iterator[RecordLine]:
    """Keep as many records of each split as a capture does, of different inputs."""
    dealt: dict[Split, list[Pair]] = {split: [] for split in Split}
    for pair in pairs:
        dealt[deal(written(pair.given), seed)].append(pair)
    for split, few in dealt.items():
        keep = CaptureConfig().keep(split)
        for kind, pair in _kept(few, keep):
            yield _record(pair, kind, split)


def _kept(pairs: list[Pair], keep: Keep) -> Iterator[tuple[RecordKind, Pair]]:
    """Yield the first as a plain draw, and the highest of the others; strings have no highest."""
    drawn, others = pairs[: keep.random], pairs[keep.random :]
    for pair in drawn:
        yield RecordKind.RANDOM, pair
    numbers = [(pair.output, pair) for pair in others if isinstance(pair.output, float)]
    top = sorted(numbers, key=lambda each: -each[0])[: keep.top]
    for _, pair in top:
        yield RecordKind.TOP, pair
    for pair in others[: keep.top] if not numbers else ():
        yield RecordKind.RANDOM, pair


def _record(pair: Pair, kind: RecordKind, split: Split) -> RecordLine:
    excerpt = pair.excerpt
    return RecordLine(
        document=written(pair.given),
        start=0,
        split=split,
        kind=kind,
        quantile=None,
        tokens=excerpt.tokens,
        activations=tuple(excerpt.activations.tolist()),
    )
