"""The manifest: one row for each image on which a neuron's activation is known."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter

from explanations.formats.fields import Problems
from explanations.formats.lines import FormatError, Location, Problem
from explanations.formats.reading import told
from explanations.formats.types import LARGEST, Name, Strict, text
from explanations.formats.validation import validated
from explanations.records import NeuronRef, RecordKind, Split

MANIFESTS = ("manifest.jsonl", "manifest.csv")
MAX_ROWS = 100_000
MAX_ALTERNATIVE = 500
"""Characters that fit on a rater's page."""

_NEURON = re.compile(r"[Ll]?(\d{1,9})/(\d{1,10})")


def _neuron(raw: object) -> NeuronRef:
    found = _NEURON.fullmatch(raw) if isinstance(raw, str) else None
    if found is None or max(map(int, found.groups())) >= LARGEST:
        raise ValueError(f"expected layer/index, like 3/120, not {raw!r:.40}")
    return NeuronRef(layer=int(found[1]), index=int(found[2]))


def _kind(kind: RecordKind) -> RecordKind:
    if kind is RecordKind.QUANTILE:
        raise ValueError("expected one of top, random, bottom for an image")
    return kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRow(Strict):
    """A neuron's raw activation on an image, and what the image shows, in words.

    `file` is a path relative to the manifest; `source` and `licence` are empty where not stated.
    """

    file: Name
    neuron: Annotated[NeuronRef, PlainValidator(_neuron)]
    split: Split
    kind: Annotated[RecordKind, AfterValidator(_kind)]
    activation: Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-1e30, le=1e30)]
    alternative: Annotated[str, text(MAX_ALTERNATIVE)]
    source: Annotated[str, text(500, blank=True)] = ""
    licence: Annotated[str, text(500, blank=True)] = ""
    line: int = 0


_ROW = TypeAdapter(ImageRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageManifest:
    """What was read of a manifest, and every fault of its rows."""

    name: str
    rows: tuple[ImageRow, ...]
    faults: tuple[Problem, ...]

    def fault(self, row: ImageRow, field: str, message: str) -> Problem:
        """Return a fault of a row, which names its line and its image."""
        return Problem(
            location=_location(self.name, row.line, row.file), field=field, message=message
        )


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
    """Return a row, or its problems."""
    if isinstance(raw, FormatError):
        return None, [Problem(location=_location(name, line, ""), field="", message=str(raw))]
    noted = Problems([])
    if isinstance(raw, dict) and "line" in raw:
        noted.note("line", "there is no such field")
    row = validated(_ROW, raw, noted)
    if row is not None and not noted.found:
        return replace(row, line=line), []
    file = raw.get("file") if isinstance(raw, dict) else ""
    location = _location(name, line, file if isinstance(file, str) else "")
    return None, list(told(location, noted))


def _location(name: str, line: int, file: str) -> Location:
    return Location(file=name, line=line, record=file)
