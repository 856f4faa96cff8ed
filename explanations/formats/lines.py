"""What all formats are read into: a neuron, its records, explanations, simulations and scores.

The types say what a JSON file may hold, and `validation` checks files by them. Objects that other
code makes aren't checked again.
"""

from dataclasses import dataclass, field
from typing import Annotated, Self

from pydantic import Field, model_validator

from explanations.formats.fields import printable
from explanations.formats.types import (
    Floats,
    FloatsWithGaps,
    FullText,
    Index,
    JSONObject,
    Name,
    Number,
    Positive,
    Reason,
    Share,
    ShortName,
    Strict,
    Tokens,
    problem,
    text,
)
from explanations.records import AuthorKind, NeuronRef, RecordKind, Scale, Split

ROUNDING = 1e-6
"""By what share rounding to float32 can bring an activation above the maximum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What the user gives in addition to the path; empty and 0 mean that nothing was given.

    `layers` and `width` are the subject's size, for files that don't state it. `seed` assigns
    windows to splits. `tokenizer` is a tokenizer.json or a folder that holds one.
    """

    subject: str = ""
    layers: int = 0
    width: int = 0
    seed: int = 0
    tokenizer: str = ""


class FormatError(ValueError):
    """A format can't be read or written as requested; the message says what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A file, a line of it counted from 1, and a record in it, as far as each is known."""

    file: str = ""
    line: int = 0
    record: str = ""

    def __str__(self) -> str:
        parts = (self.file, f"line {self.line}" if self.line else "", self.record)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong at a location, in which field, and what is expected instead."""

    location: Location
    field: str
    message: str

    def __str__(self) -> str:
        where = ", ".join(part for part in (str(self.location), self.field) if part)
        return printable(f"{where}: {self.message}" if where else self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLine(Strict):
    """The subject that a neuron belongs to. `layers` or `width` 0: the file doesn't state it."""

    name: Name
    layers: Positive
    width: Positive
    source: Annotated[str, text(500, blank=True)] = ""
    revision: Annotated[str, text(100, blank=True)] = ""
    hook: Annotated[str, text(200, blank=True)] = ""
    dtype: Annotated[str, text(20, blank=True)] = ""
    tokenizer: Annotated[str, text(200, blank=True)] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine(Strict):
    """An activation record on the raw scale; `start` is its first token's index in the document."""

    document: Name
    start: Index
    split: Split
    kind: RecordKind
    tokens: Tokens
    activations: Floats
    quantile: Annotated[int, Field(strict=True, ge=0, le=3)] | None = None

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if (self.kind == RecordKind.QUANTILE) != (self.quantile is not None):
            raise problem("quantile", "belongs to records of the kind quantile, and only to those")
        if len(self.tokens) != len(self.activations):
            counts = f"{len(self.activations)} numbers for {len(self.tokens)} tokens"
            raise problem("activations", counts)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodLine(Strict):
    """A named, versioned configuration of an explainer, simulator or scorer."""

    name: ShortName
    version: Index
    config: JSONObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine(Strict):
    """A number about an explanation, from `n` observations, or the reason why there is none.

    `low` and `high` are its 95% interval, `records` the positions of the line's records that it
    rests on; `details` are whatever else the scorer reports, as JSON.
    """

    method: MethodLine
    n: Index
    simulator: MethodLine | None = None
    value: Number | None = None
    reason: Reason = ""
    low: Number | None = None
    high: Number | None = None
    records: tuple[Index, ...] = ()
    details: JSONObject = field(default_factory=dict)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if (self.value is None) != bool(self.reason.strip()):
            raise problem("value", "expected either a value or a reason")
        ends = (self.low is None, self.high is None)
        if not all(ends) and (any(ends) or self.value is None):
            raise problem("low", "an interval has two ends, low and high, and a value")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedLine(Strict):
    """Predicted activations of the line's record at that position, or the reason for none.

    A token without a prediction has nan.
    """

    record: Index
    values: FloatsWithGaps | None = None
    reason: Reason = ""

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if (self.values is None) != bool(self.reason.strip()):
            raise problem("values", "expected either values or a reason")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationLine(Strict):
    """Predicted activations of some of the line's records, given an explanation."""

    method: MethodLine
    scale: Scale
    records: tuple[SimulatedLine, ...]
    details: JSONObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationLine(Strict):
    """One text about the neuron.

    `shown` are the positions of the records that its author saw; `parent` is the id of the earlier
    explanation that it revises. Ids are unique within a line.
    """

    id: Name
    text: FullText
    author_kind: AuthorKind
    method: MethodLine | None = None
    parent: Name | None = None
    shown: tuple[Index, ...] = ()
    scores: tuple[ScoreLine, ...] = ()
    simulations: tuple[SimulationLine, ...] = ()
    details: JSONObject = field(default_factory=dict)

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.method is None and self.author_kind != AuthorKind.HUMAN:
            raise problem("method", f"an explanation by a {self.author_kind} needs a method")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronLine(Strict):
    """One neuron with its records and explanations.

    `maximum` is None where a file doesn't state it: then the stored one holds, or else the highest
    of the records, or else 0 until some file states it.
    """

    subject: SubjectLine
    layer: Index
    index: Index
    maximum: Number | None = None
    mean: Number | None = None
    firing_rate: Share | None = None
    records: tuple[RecordLine, ...] = ()
    explanations: tuple[ExplanationLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalScore:
    """A score that other software computed for an explanation in the database.

    The explanation is identified by its `number` in the database, or by its `neuron` and `text`,
    and by `explainer`, its method's name, where several have the same text.
    """

    number: int | None
    subject: str
    neuron: NeuronRef | None
    text: str
    explainer: str
    score: ScoreLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """Something that was read without a problem, and where."""

    location: Location
    line: NeuronLine | ExternalScore
