"""A study from a published design: created, built and opened at once."""

from collections.abc import Sequence

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

_SHARED = (
    *("overlap", "items_per_rater", "excerpts", "catches", "repeats", "seed", "tells_raters"),
    *("extra_overlap_share", "extra_overlap", "condition_assignment"),
)
"""What two parts have in common."""


def study_from_preset(preset: Preset) -> Study:
    """Return an unsaved study with a preset's defaults."""
    number = Study.objects.filter(preset=preset.name).count() + 1
    return Study(
        preset=preset.name,
        title="What does this unit respond to?",
        slug=f"{preset.name}-{number}",
        consent=preset.consent,
        instructions=preset.instructions,
        overlap=preset.overlap,
        items_per_rater=preset.items_per_rater,
        excerpts=preset.excerpts,
        catches=preset.catches,
        **preset.trust,
    )


@transaction.atomic
def study_start(
    *,
    study: Study,
    subject: Subject,
    methods: Sequence[Method | None],
    neurons: int,
    is_open: bool,
) -> Built:
    """Save an unsaved study, build it, and with `is_open` open it to raters.

    It compares the explanations by `methods` (None: by people), on at most that many `neurons` of
    the subject, sampled evenly over layers and scores. If its preset has a second part, that is
    created and built too, on the same neurons from the same seed. StudyRefused, and nothing is
    stored, if it cannot be built; the reason says what is missing.
    """
    built = _save_and_build(study, subject, methods, neurons)
    if study.design.second_part:
        _save_and_build(_second_part(study), subject, methods, neurons)
    if is_open:
        study_open(study=study)
    return built


def _second_part(first: Study) -> Study:
    """Return the second part of a study: the same sizes, with rules and checks of its own."""
    second = study_from_preset(PRESETS[first.design.second_part])
    second.slug = f"{first.slug[:48]}-2"
    if Study.objects.filter(slug=second.slug).exists():
        raise StudyRefused(f"The second part needs the slug {second.slug}, which is taken.")
    second.title, second.follows = f"{first.title[:180]} (second part)", first
    for name in _SHARED:
        setattr(second, name, getattr(first, name))
    second.rules = second.rules if first.rules else []
    second.checks = second.checks if first.checks else []
    second.practises = second.practises and first.practises
    return second


def _save_and_build(
    study: Study, subject: Subject, methods: Sequence[Method | None], neurons: int
) -> Built:
    study.save()
    for method in methods if study.design.needs.conditions else ():
        name = str(method) if method else "people"
        study.conditions.create(name=name[:100], method=method)
    chosen = neurons_to_ask(study, subject, at_most=neurons)
    if not chosen:
        raise StudyRefused(_nothing(study.design, subject))
    neurons_add(study=study, neurons=chosen)
    return study_build(study=study)


def _nothing(preset: Preset, subject: Subject) -> str:
    kept = Record.objects.filter(neuron__subject=subject)
    if preset.needs.images and not kept.filter(document__image__isnull=False).exists():
        return f"No neuron of {subject} has an image to show: import images as a zip."
    if not preset.needs.images and not kept.filter(document__image__isnull=True).exists():
        return f"No neuron of {subject} has a record to show: capture or import some."
    if preset.needs.conditions:
        return f"No neuron of {subject} has an explanation by everyone you ticked: tick fewer."
    return f"No neuron of {subject} can be asked about."
