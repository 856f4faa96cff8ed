"""Inputs of explainers, simulators and scorers: records of the right split, in few queries."""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explanations.explainers import EXPLAINERS, Want
from explanations.methods.values import HELD_OUT_SENTENCES, SHOWN, Evidence, HeldOut, Material
from explanations.models import Explanation, Neuron, Record, SimulatedRecord, Simulation
from explanations.records import (
    RecordKind,
    Scale,
    Split,
    TokenActivations,
    TokenMean,
    unpacked,
)
from explanations.selectors.neighbours import texts_of_neighbours
from explanations.selectors.neuron_views import store_of_neuron
from explanations.simulators.held_out import Window, held_out

# Enough to draw from; a control needs one.
_OTHERS = 1000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeuronMaterial:
    """What an explainer may see of a neuron; `shown` are the excerpts' primary keys."""

    material: Material
    shown: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Excerpt:
    """A record of the database as a value, on the raw scale."""

    record: int
    document: int
    tokens: TokenActivations

    @property
    def window(self) -> Window:
        """Its key for deciding whether it is held out."""
        return Window(document=self.document, tokens=self.tokens.tokens)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ToSimulate:
    """An explanation, the held-out split's excerpts, and everything its author was shown.

    `known` are the select split's excerpts, where a calibration is to be fitted.
    """

    explanation: int
    neuron: int
    text: str
    excerpts: tuple[Excerpt, ...]
    shown: tuple[Window, ...]
    maximum: float
    known: tuple[Excerpt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ToScore:
    """What a scorer may see; `leaked` are records that must not be scored.

    Those are of another split, or not held out from the explanation's author.
    """

    neuron: int
    evidence: Evidence
    leaked: tuple[int, ...] = ()


def neuron_materials(
    neurons: Sequence[int], *, wants: Container[Want] = ()
) -> dict[int, NeuronMaterial]:
    """Return what an explainer may see of each neuron: no record of the score split."""
    found = Neuron.objects.select_related("capture", "subject").in_bulk(neurons)
    records = _excerpts(found, Split.EXPLAIN)
    choosing = _excerpts(found, Split.SELECT) if Want.CHOOSING in wants else {}
    others = _others(found.values()) if Want.OTHERS in wants else {}
    means = {pk: _means(neuron) for pk, neuron in found.items()} if Want.MEANS in wants else {}
    own = {pk: [excerpt.tokens for excerpt in records[pk]] for pk in found}
    negatives = texts_of_neighbours(found, own) if Want.NEGATIVES in wants else {}
    return {
        pk: NeuronMaterial(
            material=Material(
                neuron=neuron.ref,
                maximum=neuron.maximum,
                excerpts=tuple(own[pk]),
                others=tuple(text for of, text in others.get(neuron.subject_id, ()) if of != pk),
                choosing=tuple(excerpt.tokens for excerpt in choosing.get(pk, ())),
                negatives=negatives.get(pk, ()),
                means=means.get(pk, ()),
                function=neuron.subject.is_functions,
            ),
            shown=tuple(excerpt.record for excerpt in records[pk]),
        )
        for pk, neuron in found.items()
    }


def _means(neuron: Neuron) -> tuple[TokenMean, ...]:
    store = store_of_neuron(neuron)
    ref = neuron.ref
    return () if store is None else store.token_means(ref)


def _records(neurons: Iterable[int], split: Split) -> dict[int, list[Record]]:
    """Return each neuron's records of a split, highest peak first."""
    records = Record.objects.filter(neuron__in=list(neurons), document__split=split)
    records = records.select_related("document")
    by_neuron: dict[int, list[Record]] = defaultdict(list)
    for record in records.order_by("-peak", "pk"):
        by_neuron[record.neuron_id].append(record)
    return by_neuron


def _excerpts(neurons: Iterable[int], split: Split) -> dict[int, list[Excerpt]]:
    found = _records(neurons, split)
    return defaultdict(list, {pk: [*map(_excerpt, records)] for pk, records in found.items()})


def _excerpt(record: Record) -> Excerpt:
    return Excerpt(record=record.pk, document=record.document_id, tokens=record.excerpt)


def _others(neurons: Iterable[Neuron]) -> dict[int, list[tuple[int, str]]]:
    """Return explanations of each subject's neurons, as (neuron, text); no controls."""
    said: dict[int, list[tuple[int, str]]] = {}
    for subject in {neuron.subject_id for neuron in neurons}:
        texts = Explanation.objects.filter(neuron__subject=subject).exclude(
            author_kind=Explanation.Author.CONTROL
        )
        said[subject] = list(texts.order_by("pk").values_list("neuron", "text")[:_OTHERS])
    return said


def explanations_to_simulate(
    explanations: Sequence[int], *, calibrated: bool = False
) -> dict[int, ToSimulate]:
    """Return each explanation with the score split's records of its neuron.

    With `calibrated`, the select split's too.
    """
    found = Explanation.objects.select_related("neuron").in_bulk(explanations)
    neurons = {each.neuron_id for each in found.values()}
    known = _excerpts(neurons if calibrated else (), Split.SELECT)
    scored = _excerpts(neurons, Split.SCORE)
    shown = _shown(found)
    return {
        pk: ToSimulate(
            explanation=pk,
            neuron=explanation.neuron_id,
            text=explanation.text,
            excerpts=tuple(scored[explanation.neuron_id]),
            shown=tuple(shown[pk]),
            maximum=explanation.neuron.maximum,
            known=tuple(known[explanation.neuron_id]),
        )
        for pk, explanation in found.items()
    }


def _shown(explanations: Iterable[int]) -> dict[int, list[Window]]:
    """Return what the authors of explanations, and of what they revised, saw.

    That are records, those of the select split by which one of several was chosen among them, and
    texts that are no records: those are of no document.
    """
    lines, told = _lineages(explanations)
    seen: dict[int, list[Window]] = defaultdict(list)
    links = Explanation.shown.through.objects.filter(explanation__in=list(told))
    for link in links.select_related("record"):
        seen[link.explanation_id].append(_excerpt(link.record).window)
    for pk, windows in _chosen_by(told).items():
        seen[pk] += windows
    for pk, texts in told.items():
        seen[pk] += [Window(document=None, tokens=tuple(tokens)) for tokens in texts or ()]
    return {pk: [window for of in line for window in seen[of]] for pk, line in lines.items()}


def _chosen_by(explanations: Iterable[int]) -> dict[int, list[Window]]:
    """Return the windows by which explanations were chosen among candidates, where they were."""
    choosers = [name for name, each in EXPLAINERS.items() if Want.CHOOSING in each.wants]
    chosen = Explanation.objects.filter(pk__in=list(explanations), method__name__in=choosers)
    neurons = dict(chosen.values_list("pk", "neuron"))
    records = _excerpts(set(neurons.values()), Split.SELECT) if neurons else {}
    return {pk: [each.window for each in records[neuron]] for pk, neuron in neurons.items()}


def _lineages(
    explanations: Iterable[int],
) -> tuple[dict[int, list[int]], dict[int, list[list[str]] | None]]:
    """Return each explanation with those it came from, itself first; and the texts each names.

    Those are texts that its author saw in addition to records, as the tokens of each.
    """
    asked = list(explanations)
    parents: dict[int, int | None] = {}
    told: dict[int, list[list[str]] | None] = {}
    new = set(asked)
    while new:
        found = Explanation.objects.filter(pk__in=new)
        for pk, parent, texts in found.values_list("pk", "parent", f"details__{SHOWN}"):
            parents[pk], told[pk] = parent, texts
        new = {parent for parent in parents.values() if parent is not None} - parents.keys()
    return {pk: _line(pk, parents) for pk in asked}, told


def _line(explanation: int, parents: Mapping[int, int | None]) -> list[int]:
    """Return an explanation and those it came from, itself first."""
    line = [explanation]
    while (parent := parents.get(line[-1])) is not None and parent not in line:
        line.append(parent)
    return line


def explanations_to_score(explanations: Sequence[int]) -> dict[int, ToScore]:
    """Return each explanation with what is held out from its author."""
    found = Explanation.objects.select_related("neuron").in_bulk(explanations)
    records = _records({each.neuron_id for each in found.values()}, Split.SCORE)
    shown = _shown(found)
    chosen = {pk: _unseen(records[each.neuron_id], shown[pk]) for pk, each in found.items()}
    return {
        pk: _to_score(
            explanation,
            [
                HeldOut(record=record.pk, kind=RecordKind(record.kind), actual=record.excerpt)
                for record in chosen[pk]
            ],
            leaked=_leaked(chosen[pk], shown[pk]),
        )
        for pk, explanation in found.items()
    }


def _unseen(records: Sequence[Record], shown: Sequence[Window]) -> list[Record]:
    windows = [_excerpt(record).window for record in records]
    return [records[at] for at in held_out(windows, shown)]


def simulations_to_score(simulations: Sequence[int]) -> dict[int, ToScore]:
    """Return each simulation with the real activations of its records."""
    found = Simulation.objects.select_related("explanation__neuron__subject").in_bulk(simulations)
    shown = _shown({simulation.explanation_id for simulation in found.values()})
    fitted = _fitted_on(found)
    rows: dict[int, list[SimulatedRecord]] = defaultdict(list)
    without = Counter[int]()
    simulated = SimulatedRecord.objects.filter(simulation__in=list(found))
    for row in simulated.select_related("record__document", "simulation").order_by("pk"):
        if row.values is None:
            without[row.simulation_id] += 1
        else:
            rows[row.simulation_id].append(row)
    return {
        pk: _to_score(
            simulation.explanation,
            [_simulated(row) for row in rows[pk]],
            leaked=_leaked(
                [row.record for row in rows[pk]], [*shown[simulation.explanation_id], *fitted[pk]]
            ),
            not_simulated=without[pk],
        )
        for pk, simulation in found.items()
    }


def _fitted_on(simulations: Mapping[int, Simulation]) -> dict[int, list[Window]]:
    """Return what each simulation was calibrated on."""
    keys = {pk: each.details.get("calibrated_on", []) for pk, each in simulations.items()}
    records = Record.objects.in_bulk({record for few in keys.values() for record in few})
    return {
        pk: [_excerpt(records[each]).window for each in few if each in records]
        for pk, few in keys.items()
    }


def _leaked(records: Sequence[Record], shown: Sequence[Window]) -> tuple[int, ...]:
    kept = {record.pk for record in _unseen(records, shown)}
    return tuple(
        record.pk
        for record in records
        if record.pk not in kept or record.document.split != Split.SCORE
    )


def _to_score(
    explanation: Explanation,
    records: Sequence[HeldOut],
    leaked: tuple[int, ...],
    not_simulated: int = 0,
) -> ToScore:
    neuron = explanation.neuron
    evidence = Evidence(
        explanation=explanation.text,
        neuron=neuron.ref,
        maximum=neuron.maximum,
        mean=neuron.mean,
        records=tuple(records),
        not_simulated=not_simulated,
        sentences=tuple(
            TokenActivations(
                tokens=tuple(sentence["tokens"]),
                activations=np.array(sentence["activations"], np.float32),
                scale=Scale.RAW,
            )
            for sentence in explanation.details.get(HELD_OUT_SENTENCES, [])
        ),
        function=neuron.subject.is_functions,
    )
    return ToScore(neuron=neuron.pk, evidence=evidence, leaked=leaked)


def _simulated(row: SimulatedRecord) -> HeldOut:
    """Return a simulated record without the tokens that got no value."""
    record, values = row.record, unpacked(row.values)
    places = np.flatnonzero(~np.isnan(values))
    tokens = tuple(record.tokens[place] for place in places)
    actual, scale = record.excerpt.activations[places], Scale(row.simulation.scale)
    return HeldOut(
        record=record.pk,
        kind=RecordKind(record.kind),
        actual=TokenActivations(tokens=tokens, activations=actual, scale=Scale.RAW),
        simulated=TokenActivations(tokens=tokens, activations=values[places], scale=scale),
        left_out=values.size - places.size,
    )
