"""Make items of a study's material: the payloads that raters see, and what they are about."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from annotation.protocols.options import MAX_OPTION_LENGTH, Option
from studies.design.candidates import LeftOut, Tally, option_keys
from studies.design.orders import balanced_orders
from studies.design.questions import (
    Designed,
    DesignedQuestion,
    Role,
    in_pairs,
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
    first_is_right,
)
from studies.selectors.neuron_material import NeuronMaterial, neuron_materials, shown_records
from studies.services.image_names import images_hidden


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltOption:
    """The explanation or record behind an option key; the condition by its number."""

    key: str
    explanation: int | None = None
    condition: int | None = None
    record: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltItem:
    """A payload, and what it is about; `number` is what a repeat shares with its original.

    `pictures` are the stored files by the names of its images.
    """

    payload: Mapping[str, Any]
    neuron: int
    number: int
    role: Role
    options: tuple[BuiltOption, ...]
    records: tuple[int, ...] = ()
    explanation: int | None = None
    condition: int | None = None
    known: Mapping[str, Any] | None = None
    pictures: Mapping[str, str] = field(default_factory=dict)

    @property
    def explanations(self) -> set[int]:
        """The explanations that a rater sees."""
        shown = {self.explanation, *(option.explanation for option in self.options)}
        return {each for each in shown if each is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question before its options have keys."""

    designed: DesignedQuestion
    material: Material
    offers: tuple[Offer, ...]


def build_items(
    study: Study, conditions: Sequence[Condition]
) -> tuple[list[BuiltItem], tuple[LeftOut, ...]]:
    """Return the items of a study's design, and what was left out.

    ValueError if catch trials are asked for and none can be made.
    """
    preset = study.design
    materials = {each.unit.neuron: each for each in neuron_materials(study, conditions)}
    designed, left_out = _designed(study, materials, [each.name for each in conditions])
    questions, unusable = _questions(preset, designed, materials)
    by_number = {each.designed.number: each for each in questions}
    catch_trials = dict(_catch_trials(preset, questions)) if study.catches else {}
    everything = with_extras(
        [each.designed for each in questions],
        catchable=[n for n, each in by_number.items() if each.designed.neuron in catch_trials],
        catches=study.catches,
        repeats=study.repeats,
        seed=study.seed,
    )
    if study.catches and not any(each.role == "catch" for each in everything):
        raise ValueError(
            "No catch trial can be made: this design has none, or no neuron has a known true "
            "description. Set catch trials to 0."
        )
    full = [
        replace(
            catch_trials[each.neuron] if each.role == "catch" else by_number[each.number],
            designed=each,
        )
        for each in everything
    ]
    items = keyed(preset, full, study.seed)
    blind = [_with_image_names(item, f"{study.pk}/{i}") for i, item in enumerate(items)]
    return blind, (*left_out, *unusable)


def _with_image_names(item: BuiltItem, secret: str) -> BuiltItem:
    payload, pictures = images_hidden(dict(item.payload), secret=secret)
    return replace(item, payload=payload, pictures=pictures)


def _designed(
    study: Study, materials: Mapping[int, NeuronMaterial], names: Sequence[str]
) -> Designed:
    units, seed = [material.unit for material in materials.values()], study.seed
    needs = study.design.needs
    if needs.explanations_per_question == "pair":
        return in_pairs(
            units,
            names,
            longest=MAX_OPTION_LENGTH,
            seed=seed,
            pairing="all" if study.draws_pairs else study.pairing,  # type: ignore[arg-type]
            each=study.pairs_per_neuron,
        )
    if needs.explanations_per_question == "one":
        return one_each(units, names, longest=MAX_OPTION_LENGTH, seed=seed)
    if needs.explanations_per_question == "all":
        return side_by_side(units, names, most=needs.most, longest=MAX_OPTION_LENGTH, seed=seed)
    return without_explanations(units, seed=seed)


def _questions(
    preset: Preset,
    designed: Sequence[DesignedQuestion],
    materials: Mapping[int, NeuronMaterial],
) -> tuple[list[Question], tuple[LeftOut, ...]]:
    """Return the questions, without those whose records turn out not to suit the preset."""
    used = {each.neuron for each in designed}
    shown = shown_records({pk for n in used for pks in materials[n].records.values() for pk in pks})
    tally, made = Tally(), []
    for each in designed:
        of_neuron = materials[each.neuron]
        material = Material(
            explanations=tuple(
                ExplanationText(explanation=c.explanation, condition=c.condition, text=c.text)
                for c in each.chosen
            ),
            records={
                name: tuple(shown[pk] for pk in pks) for name, pks in of_neuron.records.items()
            },
            truths=of_neuron.truths,
            continuations=of_neuron.continuations,
        )
        try:
            offers = preset.offers(material)
        except MissingMaterial as missing:
            tally.add(f"questions {missing}", each.name)
        else:
            made.append(Question(designed=each, material=material, offers=offers))
    return made, tally.out()


def _catch_trials(preset: Preset, questions: Sequence[Question]) -> Iterator[tuple[int, Question]]:
    """Yield each neuron that can give a catch trial, with that trial."""
    for each in questions if preset.catch else ():
        assert preset.catch is not None  # noqa: S101  it was asked in the line above
        try:
            yield each.designed.neuron, replace(each, offers=preset.catch(each.material))
        except MissingMaterial:
            continue


# --- Keys and payloads ----------------------------------------------------------------------------


def keyed(preset: Preset, questions: Sequence[Question], seed: int) -> list[BuiltItem]:
    """Return the questions as items: with options in balanced positions, under opaque keys.

    The two options of a comparison are in order already: each condition comes first equally often.
    """
    in_order = preset.needs.explanations_per_question == "pair"
    is_ordered = [in_order and each.designed.role == "main" for each in questions]
    ordered = [each for each, it_is in zip(questions, is_ordered, strict=True) if it_is]
    others = [each for each, it_is in zip(questions, is_ordered, strict=True) if not it_is]
    items = {
        True: _items(preset, ordered, [(0, 1)] * len(ordered), stream(seed, "keys")),
        False: _items(preset, others, _positions(others, seed), stream(seed, "option keys")),
    }
    return [next(items[it_is]) for it_is in is_ordered]


def _positions(questions: Sequence[Question], seed: int) -> list[Sequence[int]]:
    """Return the order of each question's options.

    Latin squares put each condition, and the right answer, in every position equally often.
    """
    of_size = defaultdict[int, list[int]](list)
    for i, question in enumerate(questions):
        of_size[len(question.offers)].append(i)
    positions: dict[int, Sequence[int]] = {}
    for n, group in of_size.items():
        orders = balanced_orders(len(group), n, stream(seed, "places", str(n)))
        positions |= dict(zip(group, orders, strict=True))
    return [positions[i] for i in range(len(questions))]


def _items(
    preset: Preset,
    questions: Sequence[Question],
    orders: Sequence[Sequence[int]],
    random: np.random.Generator,
) -> Iterator[BuiltItem]:
    keys = iter(option_keys(sum(len(each.offers) for each in questions), random))
    for question, order in zip(questions, orders, strict=True):
        own = sorted(next(keys) for _ in question.offers)
        yield _item(preset, question, dict(zip(order, own, strict=True)))


def _item(preset: Preset, question: Question, keys: Mapping[int, str]) -> BuiltItem:
    """Return a question as an item; `keys` by the offers' numbers, in the payload's order."""
    designed, offers = question.designed, question.offers
    options = tuple(
        Option(key=key, text=offers[i].text, shown=offers[i].shown) for i, key in keys.items()
    )
    known = preset.known or (first_is_right if designed.role == "catch" else None)
    about = None
    if preset.needs.explanations_per_question == "one":
        about = designed.chosen[0]
    return BuiltItem(
        payload=preset.payload(question.material, options).to_json(),
        neuron=designed.neuron,
        number=designed.number,
        role=designed.role,
        options=tuple(_option(key, offers[i]) for i, key in keys.items()),
        records=tuple(r.record for each in question.material.records.values() for r in each),
        explanation=about.explanation if about else None,
        condition=about.condition if about else None,
        known=known(tuple(keys[i] for i in range(len(keys)))) if known else None,
    )


def _option(key: str, offer: Offer) -> BuiltOption:
    if offer.explanation is None:
        return BuiltOption(key=key, record=offer.record)
    shown = offer.explanation
    return BuiltOption(key=key, explanation=shown.explanation, condition=shown.condition)
