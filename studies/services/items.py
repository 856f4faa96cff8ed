"""From a study's material to what is stored: payloads that raters see, and what is behind them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from annotation.protocols.options import MAX_OPTION_LENGTH, Option
from studies.design.items import Candidate, DesignedItem, LeftOut, Tally, design, option_keys
from studies.design.orders import balanced_orders
from studies.design.questions import (
    Asked,
    Role,
    one_each,
    side_by_side,
    with_extras,
    without_explanations,
)
from studies.design.seeds import stream
from studies.models import Condition, Study
from studies.presets.base import (
    ExplanationText,
    Material,
    MissingMaterial,
    Offer,
    Preset,
    ShownRecord,
    offered_texts,
)
from studies.selectors.material import records_seen, topics
from studies.selectors.neuron_material import Stock, stocks
from studies.services.image_names import images_hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenOption:
    """What stands behind an option key; the condition by its number."""

    key: str
    explanation: int | None = None
    condition: int | None = None
    record: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenItem:
    """A payload, and what is behind it; `number` is what a repeat shares with what it repeats.

    `pictures` are the stored files behind the names of its images.
    """

    payload: Mapping[str, Any]
    neuron: int
    number: int
    role: Role
    options: tuple[FrozenOption, ...]
    records: tuple[int, ...] = ()
    explanation: int | None = None
    condition: int | None = None
    known: Mapping[str, Any] | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> set[int]:
        """The explanations that a rater sees."""
        explanations = {self.explanation, *(option.explanation for option in self.options)}
        return {each for each in explanations if each is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """All items in their order, and what was left out."""

    items: tuple[FrozenItem, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def neurons(self) -> int:
        """How many neurons are asked about."""
        return len({item.neuron for item in self.items})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question before its options have keys."""

    asked: Asked
    material: Material
    offers: tuple[Offer, ...]


def frozen(study: Study, conditions: Sequence[Condition]) -> Frozen:
    """Return the items of a study's design. ValueError where catch trials cannot be made."""
    names = [condition.name for condition in conditions]
    if study.compares:
        return _compared(study, conditions, names)
    preset = study.design
    there = {stock.unit.neuron: stock for stock in stocks(study, conditions)}
    asked, left_out = _asked(study, preset, there, names)
    questions, unmade = _questions(preset, asked, there)
    kept = [question.asked for question in questions]
    of_number = {question.asked.number: question for question in questions}
    everything = with_extras(
        kept,
        catchable=[each.number for each in kept] if preset.catch else [],
        catches=study.catches,
        repeats=study.repeats,
        seed=study.seed,
    )
    _require_catches(study, everything)
    by_neuron = {question.asked.neuron: question for question in questions}
    full = [_again(preset, each, of_number, by_neuron) for each in everything]
    items = _blind(study, keyed(preset, full, study.seed))
    return Frozen(items=items, left_out=(*left_out, *unmade))


def _blind(study: Study, items: Sequence[FrozenItem]) -> tuple[FrozenItem, ...]:
    """Give the images of each item names of its own."""
    blind = []
    for position, item in enumerate(items):
        secret = f"{study.pk}/{position}"
        payload, pictures = images_hidden(dict(item.payload), secret=secret)
        blind.append(replace(item, payload=payload, pictures=pictures))
    return tuple(blind)


def _asked(
    study: Study, preset: Preset, there: Mapping[int, Stock], names: Sequence[str]
) -> tuple[list[Asked], tuple[LeftOut, ...]]:
    units = [stock.unit for stock in there.values()]
    if preset.needs.explanations_per_question == "one":
        return one_each(units, names, longest=MAX_OPTION_LENGTH, seed=study.seed)
    if preset.needs.explanations_per_question == "all":
        most = preset.needs.most
        return side_by_side(units, names, most=most, longest=MAX_OPTION_LENGTH, seed=study.seed)
    return without_explanations(units, seed=study.seed)


def _questions(
    preset: Preset, asked: Sequence[Asked], there: Mapping[int, Stock]
) -> tuple[list[Question], tuple[LeftOut, ...]]:
    """Make the questions; what lacks something that only its content shows is left out."""
    used = {each.neuron for each in asked}
    shown = records_seen({pk for n in used for pks in there[n].records.values() for pk in pks})
    tally, made = Tally(), []
    for each in asked:
        material = _material(each, there[each.neuron], shown)
        try:
            made.append(Question(asked=each, material=material, offers=preset.offers(material)))
        except MissingMaterial as lacking:
            tally.add(f"questions {lacking}", each.name)
    return made, tally.out()


def _material(asked: Asked, stock: Stock, shown: Mapping[int, ShownRecord]) -> Material:
    return Material(
        explanations=tuple(map(_said, asked.chosen)),
        records={name: tuple(shown[pk] for pk in pks) for name, pks in stock.records.items()},
        truths=stock.truths,
        continuations=stock.continuations,
    )


def _again(
    preset: Preset,
    asked: Asked,
    of_number: Mapping[int, Question],
    by_neuron: Mapping[int, Question],
) -> Question:
    """Return the question as it is asked; a catch trial has options of its own."""
    if asked.role != "catch":
        made = of_number[asked.number]
        return Question(asked=asked, material=made.material, offers=made.offers)
    assert preset.catch is not None  # noqa: S101  nothing else is catchable
    material = by_neuron[asked.neuron].material
    return Question(asked=asked, material=material, offers=preset.catch(material))


def _require_catches(study: Study, asked: Iterable[Asked]) -> None:
    if study.catches and not any(each.role == "catch" for each in asked):
        raise ValueError(
            "No catch trial can be made: this design has none, or no neuron has a known true "
            "description. Set catch trials to 0."
        )


def _said(candidate: Candidate) -> ExplanationText:
    return ExplanationText(
        explanation=candidate.explanation, condition=candidate.condition, text=candidate.text
    )


# --- Keys and payloads ----------------------------------------------------------------------------


def keyed(preset: Preset, questions: Sequence[Question], seed: int) -> list[FrozenItem]:
    """Give every question's options places that balance, and keys in the order of these."""
    alike = defaultdict[int, list[int]](list)
    for at, question in enumerate(questions):
        alike[len(question.offers)].append(at)
    places: dict[int, list[int]] = {}
    for n, group in alike.items():
        orders = balanced_orders(len(group), n, stream(seed, "places", str(n)))
        places |= dict(zip(group, orders, strict=True))
    drawn = iter(
        option_keys(sum(len(each.offers) for each in questions), stream(seed, "option keys"))
    )
    return [
        _item(preset, question, places[at], sorted(next(drawn) for _ in question.offers))
        for at, question in enumerate(questions)
    ]


def _item(
    preset: Preset, question: Question, order: Sequence[int], ordered: Sequence[str]
) -> FrozenItem:
    """Freeze one question; `order` holds the numbers of the offers as the payload lists them."""
    listed = [(key, question.offers[at]) for key, at in zip(ordered, order, strict=True)]
    options = tuple(Option(key=key, text=each.text, shown=each.shown) for key, each in listed)
    of_offer = {at: key for key, at in zip(ordered, order, strict=True)}
    in_order = tuple(of_offer[at] for at in range(len(of_offer)))
    known = preset.known
    if question.asked.role == "catch":
        known = known or _first
    alone = question.asked.chosen[0] if preset.needs.explanations_per_question == "one" else None
    return FrozenItem(
        payload=preset.payload(question.material, options).to_json(),
        neuron=question.asked.neuron,
        number=question.asked.number,
        role=question.asked.role,
        options=tuple(_behind(key, each) for key, each in listed),
        records=tuple(s.record for seen in question.material.records.values() for s in seen),
        explanation=alone.explanation if alone else None,
        condition=alone.condition if alone else None,
        known=known(in_order) if known else None,
    )


def _first(in_order: tuple[str, ...]) -> dict[str, Any]:
    return {"choice": in_order[0]}


def _behind(key: str, offer: Offer) -> FrozenOption:
    if offer.explanation is None:
        return FrozenOption(key=key, record=offer.record)
    said = offer.explanation
    return FrozenOption(key=key, explanation=said.explanation, condition=said.condition)


# --- Two at a time --------------------------------------------------------------------------------


def _compared(study: Study, conditions: Sequence[Condition], names: Sequence[str]) -> Frozen:
    """Return the pairs of a comparison, whose places are balanced for each two conditions."""
    designed = design(
        topics(study, conditions),
        names,
        seed=study.seed,
        longest=MAX_OPTION_LENGTH,
        pairing="all" if study.draws_pairs else study.pairing,  # type: ignore[arg-type]
        each=study.pairs_per_neuron,
    )
    shown = records_seen({record for item in designed.items for record in item.excerpts})
    asked = [_pair(item, number) for number, item in enumerate(designed.items)]
    materials = [
        Material(
            explanations=tuple(_said(option.candidate) for option in item.options),
            records={"shown": tuple(shown[pk] for pk in item.excerpts)},
        )
        for item in designed.items
    ]
    pairs = [
        _main(study.design, item, each, material)
        for item, each, material in zip(designed.items, asked, materials, strict=True)
    ]
    if study.catches or study.repeats:
        pairs = _with_extras(study, conditions, asked, materials, pairs)
    return Frozen(items=tuple(pairs), left_out=designed.left_out)


def _pair(item: DesignedItem, number: int) -> Asked:
    chosen = tuple(option.candidate for option in item.options)
    return Asked(neuron=item.neuron, name="", chosen=chosen, number=number)


def _main(preset: Preset, item: DesignedItem, asked: Asked, material: Material) -> FrozenItem:
    options = tuple(Option(key=o.key, text=o.candidate.text) for o in item.options)
    return FrozenItem(
        payload=preset.payload(material, options).to_json(),
        neuron=asked.neuron,
        number=asked.number,
        role=asked.role,
        options=tuple(
            _behind(option.key, Offer(explanation=said))
            for option, said in zip(item.options, material.explanations, strict=True)
        ),
        records=item.excerpts,
    )


def _with_extras(
    study: Study,
    conditions: Sequence[Condition],
    asked: Sequence[Asked],
    materials: Sequence[Material],
    pairs: Sequence[FrozenItem],
) -> list[FrozenItem]:
    """Put catch trials, where the truth is known, and repeats among the pairs."""
    truths = {stock.unit.neuron: stock.truths for stock in stocks(study, conditions, truths=True)}
    everything = with_extras(
        asked,
        catchable=[each.number for each in asked if len(truths.get(each.neuron, ())) > 1],
        catches=study.catches,
        repeats=study.repeats,
        seed=study.seed,
    )
    _require_catches(study, everything)
    of_number = {
        each.number: Question(asked=each, material=material, offers=offered_texts(material))
        for each, material in zip(asked, materials, strict=True)
    }
    by_neuron = {
        each.asked.neuron: replace(
            each, material=replace(each.material, truths=truths.get(each.asked.neuron, ()))
        )
        for each in of_number.values()
    }
    extra = [
        _again(study.design, each, of_number, by_neuron)
        for each in everything
        if each.role != "main"
    ]
    made, main = iter(keyed(study.design, extra, study.seed)), iter(pairs)
    return [next(main) if each.role == "main" else next(made) for each in everything]
