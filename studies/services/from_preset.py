"""A study from a published design: made, built and opened at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from explanations.models import Method, Record, Subject
from studies.models import Study
from studies.presets import PRESETS
from studies.presets.base import Preset
from studies.selectors.sampling import neurons_to_ask
from studies.services.building import Built, study_build
from studies.services.errors import StudyRefused
from studies.services.lifecycle import study_open
from studies.services.neurons import neurons_add


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a researcher decides about a study that follows a design.

    `methods` are whose explanations it is about, None for those that people wrote. `neurons` is how
    many are drawn at most, spread evenly over layers and scores. The rest is as in `Study`.
    """

    title: str
    slug: str
    subject: Subject
    methods: Sequence[Method | None]
    neurons: int
    overlap: int
    items_per_rater: int
    excerpts: int
    catches: int = 0
    repeats: int = 0
    extra_overlap_share: int = 0
    extra_overlap: int = 10
    condition_assignment: str = Study.ConditionAssignment.WITHIN
    seed: int = 1
    rules: Sequence[Mapping[str, Any]] = ()
    tells_raters: bool = True
    checks: Sequence[Mapping[str, Any]] = ()
    practises: bool = False


@transaction.atomic
def study_start(*, preset: Preset, choices: Choices, is_open: bool) -> tuple[Study, Built]:
    """Make a study that follows a preset, build it, and with `is_open` let raters in.

    Where the preset has a second part, that is made and built too, of the same neurons from the
    same seed. StudyRefused, and nothing stored, when it cannot be built; the reason says what is
    missing.
    """
    study, built = _begun(preset, choices, follows=None)
    if preset.second_part:
        second = PRESETS[preset.second_part]
        _begun(second, _for_second(second, choices), follows=study)
    if is_open:
        study_open(study=study)
    return study, built


def _for_second(preset: Preset, choices: Choices) -> Choices:
    """Return the same choices for a second part; what stands before its questions is its own."""
    slug = f"{choices.slug[:48]}-2"
    if Study.objects.filter(slug=slug).exists():
        raise StudyRefused(f"The second part would be called {slug}, which another study is.")
    return replace(
        choices,
        slug=slug,
        title=f"{choices.title[:180]} (second part)",
        rules=[each.rule.to_json() for each in preset.rules] if choices.rules else (),
        checks=[check.to_json() for check in preset.checks] if choices.checks else (),
        practises=choices.practises and preset.practice is not None,
    )


def _begun(preset: Preset, choices: Choices, *, follows: Study | None) -> tuple[Study, Built]:
    study = Study.objects.create(
        preset=preset.name,
        follows=follows,
        title=choices.title,
        slug=choices.slug,
        consent=preset.consent,
        instructions=preset.instructions,
        overlap=choices.overlap,
        items_per_rater=choices.items_per_rater,
        excerpts=choices.excerpts,
        catches=choices.catches,
        repeats=choices.repeats,
        extra_overlap_share=choices.extra_overlap_share,
        extra_overlap=choices.extra_overlap,
        condition_assignment=choices.condition_assignment,
        seed=choices.seed,
        rules=list(choices.rules),
        tells_raters=choices.tells_raters,
        checks=list(choices.checks),
        practises=choices.practises,
    )
    for method in choices.methods if preset.needs.conditions else ():
        name = str(method) if method else "people"
        study.conditions.create(name=name[:100], method=method)
    neurons = neurons_to_ask(study, choices.subject, at_most=choices.neurons)
    if not neurons:
        raise StudyRefused(_nothing(preset, choices.subject))
    neurons_add(study=study, neurons=neurons)
    return study, study_build(study=study)


def _nothing(preset: Preset, subject: Subject) -> str:
    kept = Record.objects.filter(neuron__subject=subject)
    if preset.needs.images and not kept.filter(document__image__isnull=False).exists():
        return f"No neuron of {subject} has an image to show: import some, as a zip."
    if not preset.needs.images and not kept.filter(document__image__isnull=True).exists():
        return f"No neuron of {subject} has a record to show: capture or import some."
    if preset.needs.conditions:
        return f"No neuron of {subject} has an explanation by everybody ticked: tick fewer."
    return f"No neuron of {subject} can be asked about."
