"""What one line of a JSON Lines file about neurons says: value objects, whatever the format."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from explanations.records import AuthorKind, RecordKind, Scale, Split

# Activations are float32; a tuple holds them as the numbers that float32 can hold.
Values = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong in one place: the line from 1, the field's path, what is expected there."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"line {self.line}" + (f", {self.field}" if self.field else "")
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectLine:
    """The subject whose neuron it is, as it was loaded."""

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
    """A number about an explanation, or the reason for none; `n` observations stand behind it."""

    method: MethodLine
    simulator: MethodLine | None
    value: float | None
    reason: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedLine:
    """Predicted activations of the line's record at that position, or the reason for none."""

    record: int
    values: Values | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationLine:
    """Predicted activations of some of the line's records, given an explanation."""

    method: MethodLine
    scale: Scale
    records: tuple[SimulatedLine, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NeuronLine:
    """One neuron with its records and all that is said about it."""

    subject: SubjectLine
    layer: int
    index: int
    maximum: float
    mean: float | None = None
    firing_rate: float | None = None
    records: tuple[RecordLine, ...] = ()
    explanations: tuple[ExplanationLine, ...] = ()
