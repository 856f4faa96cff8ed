"""The manifest: one row for each image on which a neuron's activation is known."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from explanations.formats.fields import LARGEST, Fields, Problems
from explanations.formats.lines import FormatError, Location, Problem
from explanations.records import NeuronRef, RecordKind, Split

MANIFESTS = ("manifest.jsonl", "manifest.csv")
MAX_ROWS = 100_000
MAX_ALTERNATIVE = 500
"""What a rater's page takes."""

_OPTIONAL = ("source", "licence")
_NEURON = re.compile(r"[Ll]?(\d{1,9})/(\d{1,10})")
_NO_NEURON = NeuronRef(layer=0, index=0)


# An image is no draw from a quarter of the peaks.
_KINDS = tuple(kind for kind in RecordKind if kind is not RecordKind.QUANTILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRow:
    """A neuron's raw activation on an image, and what the image shows, in words.

    `file` is a path beside the manifest; `source` and `licence` are empty where not told.
    """

    line: int
    file: str
    neuron: NeuronRef
    split: Split
    kind: RecordKind
    activation: float
    alternative: str
    source: str = ""
    licence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageManifest:
    """What was read of a manifest, and every fault of its rows."""

    name: str
    rows: tuple[ImageRow, ...]
    faults: tuple[Problem, ...]

    def fault(self, row: ImageRow, field: str, message: str) -> Problem:
        """Return a fault of a row, which names its line and its image."""
        return Problem(location=_place(self.name, row.line, row.file), field=field, message=message)


def read_manifest(name: str, content: bytes) -> ImageManifest:
    """Read a manifest of JSON Lines or, where its name says so, of comma-separated values.

    A row with a fault is left out and the fault noted. `FormatError` where it is no such text, or
    holds no row, or too many.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{name}: not UTF-8 ({error})") from error
    rows: list[ImageRow] = []
    faults: list[Problem] = []
    for line, raw in _comma_separated(name, text) if name.endswith(".csv") else _lines(text):
        if len(rows) + len(faults) >= MAX_ROWS:
            raise FormatError(f"{name}: more than {MAX_ROWS:,} rows: part it over several zips")
        row, found = _row(name, line, raw)
        faults += found
        rows += [] if row is None else [row]
    if not rows and not faults:
        raise FormatError(f"{name}: holds no row")
    return ImageManifest(name=name, rows=tuple(rows), faults=tuple(faults))


def _lines(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, FormatError(f"no JSON: {error}")


def _comma_separated(name: str, text: str) -> Iterator[tuple[int, Any]]:
    """Yield rows as JSON would have them: `activation` a number, what is empty absent."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise FormatError(f"{name}: line {reader.line_num}: {error}") from error
        if row is None:
            return
        if None in row:
            yield reader.line_num, FormatError("has more fields than the first line names")
        else:
            yield reader.line_num, {key: _value(key, each) for key, each in row.items() if each}


def _value(key: str, text: str) -> Any:
    if key != "activation":
        return text
    try:
        return float(text)
    except ValueError:
        return text


def _row(name: str, line: int, raw: Any) -> tuple[ImageRow | None, list[Problem]]:
    """Return a row, or its faults."""
    if isinstance(raw, FormatError):
        return None, [Problem(location=_place(name, line, ""), field="", message=str(raw))]
    noted = Problems([])
    row = _read(line, Fields(raw, "", noted))
    place = _place(name, line, row.file)
    faults = [Problem(location=place, field=field, message=said) for field, said in noted.found]
    return (None if faults else row), faults


def _read(line: int, fields: Fields) -> ImageRow:
    row = ImageRow(
        line=line,
        file=fields.text("file", 200),
        neuron=_neuron(fields),
        split=fields.one_of("split", Split),
        kind=_kind(fields),
        activation=fields.number("activation", -1e30, 1e30),
        alternative=fields.text("alternative", MAX_ALTERNATIVE),
        **{name: fields.text(name, 500, "", empty=True) for name in _OPTIONAL},
    )
    fields.end()
    return row


def _neuron(fields: Fields) -> NeuronRef:
    said = fields.text("neuron", 40)
    if not said:
        return _NO_NEURON
    found = _NEURON.fullmatch(said)
    if found is None or max(map(int, found.groups())) >= LARGEST:
        fields.note("neuron", f"expected layer/index, like 3/120, not {said!r}")
        return _NO_NEURON
    return NeuronRef(layer=int(found[1]), index=int(found[2]))


def _kind(fields: Fields) -> RecordKind:
    kind = fields.one_of("kind", RecordKind)
    if kind not in _KINDS:
        fields.note("kind", f"expected one of {', '.join(_KINDS)} for an image")
    return kind


def _place(name: str, line: int, file: str) -> Location:
    return Location(file=name, line=line, record=file)
