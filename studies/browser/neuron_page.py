"""The explanations, records and simulations on a neuron's page."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotation.protocols.excerpt import Excerpt
from explanations.records import RecordKind, Split
from explanations.selectors.explanations import (
    ExplanationView,
    RecordComparison,
    SimulationView,
    explanations_of,
    simulation_comparisons,
)
from explanations.selectors.images import ImageView
from explanations.selectors.neuron_views import NeuronView, RecordView, record_views
from explanations.stores.reader import CaptureStore
from studies.selectors.heatmap import heated, heated_as_is
from studies.selectors.preference import Preference, preferences

FIRST = 5
"""Records of a kind that are shown before more are asked for."""
FIRST_IMAGES = 9
_BESIDE = 3
SIMULATED = "simulated"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationCard:
    """An explanation with scores and votes; in a session that rates, its text alone."""

    text: str
    explanation: ExplanationView | None = None
    preference: Preference | None = None

    @property
    def is_control(self) -> bool:
        """Whether it is known to be a control."""
        return self.explanation is not None and self.explanation.is_control


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A record as a heat map, with its document and split."""

    excerpt: Excerpt
    peak: float
    document: str
    start: int
    split: Split
    quantile: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSection:
    """The records of one kind: those shown, and how many there are."""

    kind: RecordKind
    rows: tuple[RecordRow, ...]
    total: int

    @property
    def hidden(self) -> int:
        """How many are not shown."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordList:
    """A neuron's records by kind, of the split asked for or of all, and each split's number."""

    sections: tuple[RecordSection, ...]
    split: Split | None
    counts: tuple[tuple[Split, int], ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRow:
    """A record's real heat map above the simulated one, or the reason why there is none."""

    document: str
    start: int
    real: Excerpt
    simulated: Excerpt | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationChoice:
    """A simulation that can be looked at, and the explanation that it simulates from."""

    explanation: ExplanationView
    simulation: SimulationView


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulationPanel:
    """One simulation with the real activations, and the other simulations to choose from."""

    chosen: SimulationChoice
    choices: tuple[SimulationChoice, ...]
    rows: tuple[ComparisonRow, ...]
    more: bool


def explanation_cards(neuron: NeuronView, *, blind: bool) -> tuple[ExplanationCard, ...]:
    """Return the explanations of a neuron.

    To the `blind`, texts alone, by alphabet: their order would tell who wrote them.
    """
    if neuron.pk is None:
        return ()
    explanations = explanations_of(neuron.pk)
    if blind:
        return tuple(
            ExplanationCard(text=text) for text in sorted({each.text for each in explanations})
        )
    fared = preferences(neuron.pk) if explanations else {}
    return tuple(
        ExplanationCard(text=each.text, explanation=each, preference=fared.get(each.pk))
        for each in explanations
    )


def record_list(
    store: CaptureStore | None, neuron: NeuronView, split: str, more: str
) -> RecordList:
    """Return the first records of each kind, and all of the kind that `more` names.

    `split` is a split's name; anything else means all of them.
    """
    records = record_views(store, neuron)
    wanted = Split(split) if split in set(Split) else None
    kept = [record for record in records if wanted in (None, record.split)]
    sections = tuple(
        _section(kind, [record for record in kept if record.kind is kind], neuron.maximum, more)
        for kind in RecordKind
    )
    return RecordList(
        sections=tuple(section for section in sections if section.total),
        split=wanted,
        counts=tuple((each, sum(r.split is each for r in records)) for each in Split),
        total=len(records),
    )


def _section(
    kind: RecordKind, records: Sequence[RecordView], maximum: float, more: str
) -> RecordSection:
    ordered = sorted(records, key=lambda record: -(record.quantile or 0))
    shown = ordered if more == kind else _first(ordered)
    rows = tuple(_shown(record, maximum) for record in shown)
    return RecordSection(kind=kind, rows=rows, total=len(records))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSection:
    """The images of one kind: those shown, how many there are, and what shows them all."""

    kind: RecordKind
    rows: tuple[ImageView, ...]
    total: int

    @property
    def hidden(self) -> int:
        """How many are not shown."""
        return self.total - len(self.rows)

    @property
    def more(self) -> str:
        """What asks for all of them."""
        return f"images-{self.kind}"


def image_sections(images: Sequence[ImageView], more: str) -> tuple[ImageSection, ...]:
    """Return the first images of each kind that there is, lowest first of those kept as lowest."""
    sections = []
    for kind in (RecordKind.TOP, RecordKind.BOTTOM, RecordKind.RANDOM):
        of_kind = [image for image in images if image.kind is kind]
        if kind is RecordKind.BOTTOM:
            of_kind.reverse()
        keep = len(of_kind) if more == f"images-{kind}" else FIRST_IMAGES
        shown = ImageSection(kind=kind, rows=tuple(of_kind[:keep]), total=len(of_kind))
        sections += [shown] if of_kind else []
    return tuple(sections)


def _first(records: Sequence[RecordView]) -> list[RecordView]:
    """Return the first few; of each quarter, where they are kept by quarter, the first."""
    quarters = {record.quantile: record for record in reversed(records)}
    if len(quarters) > 1:
        return list(reversed(quarters.values()))
    return list(records[:FIRST])


def _shown(record: RecordView, maximum: float) -> RecordRow:
    return RecordRow(
        excerpt=heated(record.excerpt, maximum),
        peak=record.excerpt.peak,
        document=record.document,
        start=record.start,
        split=record.split,
        quantile=record.quantile,
    )


def simulation_panel(
    neuron: NeuronView, cards: Sequence[ExplanationCard], asked: str, more: str
) -> SimulationPanel | None:
    """Return the simulation whose key is `asked`, else the one that scores best; None without any.

    Its first records, or all of them where `more` is `SIMULATED`.
    """
    choices = tuple(
        SimulationChoice(explanation=each.explanation, simulation=simulation)
        for each in cards
        if each.explanation
        for simulation in each.explanation.simulations
    )
    if not choices or neuron.pk is None:
        return None
    by_score = sorted(choices, key=lambda choice: -_worth(choice.simulation))
    chosen = next((each for each in choices if str(each.simulation.pk) == asked), by_score[0])
    keep = None if more == SIMULATED else _BESIDE + 1
    rows = simulation_comparisons(chosen.simulation.pk, neuron.pk, keep)
    shown = rows if keep is None else rows[:_BESIDE]
    return SimulationPanel(
        chosen=chosen,
        choices=choices,
        rows=tuple(map(_comparison, shown)),
        more=len(rows) > len(shown),
    )


def _worth(simulation: SimulationView) -> float:
    return float("-inf") if simulation.score is None else simulation.score


def _comparison(row: RecordComparison) -> ComparisonRow:
    return ComparisonRow(
        document=row.document,
        start=row.start,
        real=heated_as_is(row.real),
        simulated=heated_as_is(row.simulated) if row.simulated else None,
        reason=row.reason,
    )
