"""The export of Neuronpedia: rows about features, about their sequences, about explanations."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

from explanations.corpora.sources import File
from explanations.formats.fields import Fields, Problems
from explanations.formats.lines import (
    ExplanationLine,
    ImportOptions,
    Location,
    MethodLine,
    NeuronLine,
    Parsed,
    Problem,
    SubjectLine,
)
from explanations.formats.neuronpedia.activations import collect, sequence
from explanations.formats.reading import number_or_none, rows, told
from explanations.formats.types import LARGEST
from explanations.formats.windows import WindowRecords
from explanations.records import AuthorKind

FEATURES, ACTIVATIONS, EXPLANATIONS = "features", "activations", "explanations"
FOLDERS = (FEATURES, ACTIVATIONS, EXPLANATIONS)
EXPLAINER = "neuronpedia"

_SOURCE = re.compile(r"([0-9]{1,4})(?:-(.+))?")
_INDEX = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A row, and which neuron it is about; what is wrong with its `fields` goes to `faults`."""

    location: Location
    subject: SubjectLine
    layer: int
    index: int
    fields: Fields
    faults: Problems


class _Known:
    """What all of a source's files say about each of its features: two numbers."""

    def __init__(self) -> None:
        self.maxima: dict[int, float] = {}
        self.rates: dict[int, float] = {}

    def learn(self, index: int, *, peak: float | None = None, rate: float | None = None) -> None:
        """Keep the highest peak, and the rate, of a feature."""
        if peak is not None:
            self.maxima[index] = max(peak, self.maxima.get(index, peak))
        if rate is not None:
            self.rates[index] = rate

    def line(self, row: _Row, **values: Any) -> Parsed:
        """Return a line about a row's neuron."""
        neuron = NeuronLine(
            subject=row.subject,
            layer=row.layer,
            index=row.index,
            maximum=self.maxima.get(row.index),
            firing_rate=self.rates.get(row.index),
            **values,
        )
        return Parsed(location=row.location, line=neuron)


def export(files: Sequence[File], options: ImportOptions) -> Iterator[Parsed | Problem]:
    """Read one source: all features, then records, then explanations, as lines of their own.

    Maxima are looked up first: records of a neuron may stand apart, and its maximum is that of all.
    """
    known = _Known()
    for row in _good(_rows(files, ACTIVATIONS, options)):
        if (read := sequence(row.fields, "binMin", "binMax")) is not None:
            known.learn(row.index, peak=read.excerpt.peak)
    for row in _good(_rows(files, FEATURES, options)):
        _learn(row, known)
    for each in _rows(files, FEATURES, options):
        if isinstance(each, _Row):
            _learn(each, known)
            yield from told(each.location, each.faults)
            if not each.faults.found:
                yield known.line(each)
        else:
            yield each
    yield from _records(_rows(files, ACTIVATIONS, options), known, options.seed)
    yield from _explained(_rows(files, EXPLANATIONS, options), known)


def _rows(files: Sequence[File], folder: str, options: ImportOptions) -> Iterator[_Row | Problem]:
    """Yield the rows of one of the three folders; where there are no folders, fields tell."""
    for file in files:
        inside = PurePosixPath(file.path).parent.name
        if inside in FOLDERS and inside != folder:
            continue
        for place, raw, faults in rows(file):
            if inside == folder or _kind(raw) == folder:
                row = None if faults.found else _row(place, Fields(raw, "", faults), options)
                yield from told(place, faults) if row is None else [row]


def _kind(raw: Any) -> str:
    """Say what a row is about by its fields."""
    if isinstance(raw, dict) and "description" in raw:
        return EXPLANATIONS
    return ACTIVATIONS if isinstance(raw, dict) and "values" in raw else FEATURES


def _row(location: Location, fields: Fields, options: ImportOptions) -> _Row | None:
    """Read whose a row is; None, and a note, where it does not say."""
    model, source = fields.text("modelId", 150), fields.text("layer", 40)
    index = str(fields.take("index"))
    named = _SOURCE.fullmatch(source)
    if not fields.faults.found and named is None:
        fields.note("layer", "expected a layer and a set, as in 6-res-jb")
    if not fields.faults.found and not _INDEX.fullmatch(index):
        fields.note("index", "expected a whole number of at most 9 digits")
    if fields.faults.found or named is None:
        return None
    name = "/".join(part for part in (options.subject or model, named[2]) if part)
    return _Row(
        location=location,
        subject=SubjectLine(name=name, layers=options.layers, width=options.width),
        layer=int(named[1]),
        index=int(index),
        fields=fields,
        faults=fields.faults,
    )


def _good(found: Iterable[_Row | Problem]) -> Iterator[_Row]:
    return (row for row in found if isinstance(row, _Row))


def _learn(row: _Row, known: _Known) -> None:
    maximum = number_or_none(row.fields, "maxActApprox", -LARGEST, LARGEST)
    rate = number_or_none(row.fields, "frac_nonzero", 0, 1)
    if not row.faults.found:
        known.learn(row.index, peak=maximum, rate=rate)


def _together(found: Iterable[_Row | Problem]) -> Iterator[tuple[_Row, list[_Row]] | Problem]:
    """Yield neighbouring rows about one neuron together, the first of them before; and faults."""
    for is_row, group in groupby(found, key=lambda each: isinstance(each, _Row)):
        if not is_row:
            yield from (each for each in group if isinstance(each, Problem))
            continue
        for _, same in groupby(_good(group), key=lambda row: (row.subject, row.layer, row.index)):
            several = list(same)
            yield several[0], several


def _records(
    found: Iterable[_Row | Problem], known: _Known, seed: int
) -> Iterator[Parsed | Problem]:
    for each in _together(found):
        if isinstance(each, Problem):
            yield each
            continue
        first, several = each
        windows = WindowRecords(seed)
        for row in several:
            read = sequence(row.fields, "binMin", "binMax")
            yield from told(row.location, row.faults)
            if read is not None:
                collect(windows, read, known.maxima.get(row.index, 0.0))
        if windows.records:
            yield known.line(first, records=windows.records)


def _explained(found: Iterable[_Row | Problem], known: _Known) -> Iterator[Parsed | Problem]:
    for each in _together(found):
        if isinstance(each, Problem):
            yield each
            continue
        first, several = each
        read: list[ExplanationLine] = []
        for row in several:
            explanation = _explanation(row, read)
            yield from told(row.location, row.faults)
            if explanation is not None:
                read.append(explanation)
        if read:
            yield known.line(first, explanations=tuple(read))


def _explanation(row: _Row, before: Sequence[ExplanationLine]) -> ExplanationLine | None:
    """Read an explanation; None where it is bad, and noted, or said already by the same author."""
    fields = row.fields
    text = fields.text("description", LARGEST).strip()
    config = {
        ours: fields.text(theirs, 200)
        for ours, theirs in (("type", "typeName"), ("model", "explanationModelName"))
        if fields.has(theirs)
    }
    author = AuthorKind.MODEL if config else AuthorKind.HUMAN
    same = [each for each in before if _author(each) == config]
    if row.faults.found or text in {each.text for each in same}:
        return None
    take = {"take": len(same) + 1} if same and config else {}
    return ExplanationLine(
        id=str(len(before) + 1),
        text=text,
        author_kind=author,
        method=MethodLine(name=EXPLAINER, version=1, config={**config, **take}) if config else None,
    )


def _author(explanation: ExplanationLine) -> dict[str, Any]:
    config = explanation.method.config if explanation.method else {}
    return {name: value for name, value in config.items() if name != "take"}
