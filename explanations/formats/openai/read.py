"""OpenAI's neuron explainer: a NeuronRecord a file, and its explanations as one line beside it.

`<layer>/<index>.json` holds records, `<layer>/<index>.jsonl` scored explanations; the order of keys
and `dataclass_name` do not matter. Source: the data classes NeuronRecord and
NeuronSimulationResults of github.com/openai/automated-interpretability.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from math import inf
from pathlib import Path, PurePosixPath
from typing import Any

from explanations.corpora.sources import File, tree
from explanations.formats.fields import Fields, Problems
from explanations.formats.lines import (
    ExplanationLine,
    FormatError,
    ImportOptions,
    Location,
    NeuronLine,
    Parsed,
    Problem,
    SubjectLine,
)
from explanations.formats.openai.explanations import explained
from explanations.formats.openai.write import (
    DRAWN,
    QUARTERS,
    RANDOM,
    TOP,
    record,
    results,
    unplaced,
)
from explanations.formats.reading import excerpt, number_or_none, rows, told, whole
from explanations.formats.windows import WindowRecords
from explanations.formats.writing import json_text
from explanations.records import RecordKind


def read(place: str, options: ImportOptions) -> Iterator[Parsed | Problem]:
    """Read a file, or a folder with files below; only one neuron's files are held at a time.

    A neuron's two files are put together where layer and index are in their names.
    """
    if not options.subject:
        raise FormatError("these files do not say of which model they are: name it with --subject")
    subject = SubjectLine(name=options.subject, layers=options.layers, width=options.width)
    files = sorted(tree(place, (".json", ".jsonl")), key=_neuron_named)
    for _, same in groupby(files, key=_neuron_named):
        yield from _neurons(list(same), subject, options.seed)


def write(neurons: Iterable[NeuronLine], path: Path, options: ImportOptions) -> Iterator[Problem]:
    """Write a folder of `<layer>/<index>.json`, and `.jsonl` where something is said about it."""
    subjects = set()
    for neuron in neurons:
        subjects.add(neuron.subject.name)
        if len(subjects) > 1:
            raise FormatError("these files hold one model's neurons: choose it with --subject")
        folder = path / str(neuron.layer)
        folder.mkdir(parents=True, exist_ok=True)
        text = json_text(record(neuron))
        (folder / f"{neuron.index}.json").write_text(text, encoding="utf-8")
        if neuron.explanations:
            line = json_text(results(neuron)) + "\n"
            (folder / f"{neuron.index}.jsonl").write_text(line, encoding="utf-8")
        yield from unplaced(neuron)


def _neuron_named(file: File) -> tuple[bool, int, int, str]:
    """Return what sorts files by the neuron that their names name, and the others by name."""
    parts = PurePosixPath(file.name).parts
    layer, index = parts[-2] if len(parts) > 1 else "", parts[-1].partition(".")[0]
    if layer.isdecimal() and index.isdecimal():
        return True, int(layer), int(index), ""
    return False, 0, 0, file.name


@dataclass(slots=True)
class _Neuron:
    """A neuron while its files are read; `place` is that of the first."""

    location: Location
    windows: WindowRecords
    mean: float | None = None
    explanations: list[ExplanationLine] = field(default_factory=list)


def _neurons(files: list[File], subject: SubjectLine, seed: int) -> Iterator[Parsed | Problem]:
    found: dict[tuple[int, int], _Neuron] = {}
    for place, raw, faults in _values(files):
        fields = Fields(raw, "", faults) if not faults.found else None
        if fields is not None and (key := _key(fields)) is not None:
            neuron = found.setdefault(key, _Neuron(place, WindowRecords(seed)))
            _take(fields, neuron)
        yield from told(place, faults)
    for (layer, index), neuron in found.items():
        line = NeuronLine(
            subject=subject,
            layer=layer,
            index=index,
            maximum=neuron.windows.peak,
            mean=neuron.mean,
            records=neuron.windows.records,
            explanations=tuple(neuron.explanations),
        )
        yield Parsed(location=neuron.location, line=line)


def _values(files: list[File]) -> Iterator[tuple[Location, Any, Problems]]:
    """Yield what is in a neuron's files, records before what is said about them."""
    for file in sorted(files, key=lambda file: file.suffix):
        if file.suffix == ".jsonl":
            yield from rows(file)
        else:
            faults = Problems([])
            yield Location(file=file.name), whole(file, faults), faults


def _key(fields: Fields) -> tuple[int, int] | None:
    """Return layer and index; None, and a note, where they are not told or it is no such file."""
    if not fields.has("neuron_id") or not (fields.has(TOP) or fields.has("scored_explanations")):
        fields.note("", "expected a NeuronRecord or NeuronSimulationResults, with its neuron_id")
        return None
    before = len(fields.faults.found)
    inner = fields.inner("neuron_id")
    key = inner.whole("layer_index"), inner.whole("neuron_index")
    return key if len(fields.faults.found) == before else None


def _take(fields: Fields, neuron: _Neuron) -> None:
    if fields.has(TOP):
        neuron.mean = number_or_none(fields, "mean", -inf, inf)
        _take_records(fields, neuron.windows)
    if fields.has("scored_explanations"):
        neuron.explanations.extend(explained(fields, neuron.windows, len(neuron.explanations)))


def _take_records(fields: Fields, windows: WindowRecords) -> None:
    """Collect the records: top, then by group, then random; a bad one is noted and left out."""
    for each in fields.objects(TOP):
        _add(each, windows, RecordKind.TOP)
    if fields.has(DRAWN):
        _take_groups(fields, windows)
    if fields.has(RANDOM):
        for each in fields.objects(RANDOM):
            _add(each, windows, RecordKind.RANDOM)


def _take_groups(fields: Fields, windows: WindowRecords) -> None:
    """Collect draws from groups by peak; beyond four, the last holds the highest: top records."""
    groups = fields.array(DRAWN)
    if len(groups) not in (0, QUARTERS, QUARTERS + 1):
        fields.note(DRAWN, f"expected 4 or 5 groups, not {len(groups)}")
        return
    # Top records stand together, whichever list they are from, so that they are written together.
    for number in sorted(range(len(groups)), key=lambda number: number != QUARTERS):
        name, top = f"{DRAWN}[{number}]", number == QUARTERS
        kind, quantile = (RecordKind.TOP, None) if top else (RecordKind.QUANTILE, number)
        for each in Fields({name: groups[number]}, fields.path, fields.faults).objects(name):
            _add(each, windows, kind, quantile)


def _add(
    fields: Fields, windows: WindowRecords, kind: RecordKind, quantile: int | None = None
) -> None:
    if (read_ := excerpt(fields)) is not None:
        windows.add(read_, kind, quantile)
