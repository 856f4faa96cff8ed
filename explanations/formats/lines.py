"""What one line of a JSON Lines file about neurons says: value objects, whatever the format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from explanations.formats.fields import printable
from explanations.records import AuthorKind, NeuronRef, RecordKind, Scale, Split

# Activations are float32; a tuple holds them as the numbers that float32 can hold.
Values = tuple[float, ...]

ROUNDING = 1e-6
"""By what share an activation may be above the maximum: what rounding to float32 can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What the user of a format said beside the path; empty and 0 where nothing was said.

    `layers` and `width` are the subject's size where files do not tell it, `seed` deals windows
    into splits, `tokenizer` is a tokenizer.json or a folder that holds one.
    """

    subject: str = ""
    layers: int = 0
    width: int = 0
    seed: int = 0
    tokenizer: str = ""


class FormatError(ValueError):
    """A format that cannot be read or written at all as it was asked; says what to do instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where something stands: a file, its line from 1, a record in it; as far as there are such."""

    file: str = ""
    line: int = 0
    record: str = ""

    def __str__(self) -> str:
        parts = (self.file, f"line {self.line}" if self.line else "", self.record)
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong in one place, in which field of it, and what is expected there."""

    location: Location
    field: str
    message: str

    def __str__(self) -> str:
        where = ", ".join(part for part in (str(self.location), self.field) if part)
        return printable(f"{where}: {self.message}" if where else self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLine:
    """The subject whose neuron it is, as it was loaded; `layers` and `width` 0: not told."""

    name: str
    layers: int
    width: int
    source: str = ""
    revision: str = ""
    hook: str = ""
    dtype: str = ""
    tokenizer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """An activation record on the raw scale; `start` is its first token's place in the document."""

    document: str
    start: int
    split: Split
    kind: RecordKind
    quantile: int | None
    tokens: tuple[str, ...]
    activations: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodLine:
    """A named, versioned configuration of an explainer, simulator or scorer."""

    name: str
    version: int
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """A number about an explanation, or the reason for none; `n` observations stand behind it.

    `low` and `high` are its 95 % interval, `records` the positions of the line's records that it
    rests on; `details` are JSON: what else the scorer told.
    """

    method: MethodLine
    simulator: MethodLine | None
    value: float | None
    reason: str
    n: int
    low: float | None = None
    high: float | None = None
    records: tuple[int, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedLine:
    """Predicted activations of the line's record at that position, or the reason for none.

    nan where a token got no value.
    """

    record: int
    values: Values | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationLine:
    """Predicted activations of some of the line's records, given an explanation."""

    method: MethodLine
    scale: Scale
    records: tuple[SimulatedLine, ...]
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationLine:
    """One text about the neuron.

    `shown` are the positions of the records that its author saw; `parent` is the id of the earlier
    explanation that it revises. Ids hold within a line.
    """

    id: str
    text: str
    author_kind: AuthorKind
    method: MethodLine | None
    parent: str | None = None
    shown: tuple[int, ...] = ()
    scores: tuple[ScoreLine, ...] = ()
    simulations: tuple[SimulationLine, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronLine:
    """One neuron with its records and all that is said about it.

    `maximum` is None where a file does not tell it: what is stored holds, or else the highest of
    the records, or else 0 until some file tells.
    """

    subject: SubjectLine
    layer: int
    index: int
    maximum: float | None
    mean: float | None = None
    firing_rate: float | None = None
    records: tuple[RecordLine, ...] = ()
    explanations: tuple[ExplanationLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalScore:
    """A score of an explanation that is stored already, as somebody else found it.

    The explanation is named by its `number` in the database, or by its `neuron` and `text`, and by
    `explainer`, its method's name, where several say the same.
    """

    number: int | None
    subject: str
    neuron: NeuronRef | None
    text: str
    explainer: str
    score: ScoreLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """Something good that was read, and where it stands."""

    location: Location
    line: NeuronLine | ExternalScore
