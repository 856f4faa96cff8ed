"""From a design to a batch of frozen, blind items, and back while nobody has seen them."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from annotation.models import Batch, Item
from annotation.quality import read_rules
from annotation.services.batches import NewItem, batch_create
from studies.design.items import LeftOut
from studies.design.overlap import Planned, catch_interval, groups, overlaps, repeat_after
from studies.models import Condition, Study, StudyItem, StudyOption
from studies.selectors.adopting import writers_of
from studies.selectors.flow import judgments_wanted
from studies.selectors.images import thumbnails_of
from studies.services.drawing import pairs_begin
from studies.services.entry import entry_of
from studies.services.errors import StudyRefused
from studies.services.items import Frozen, FrozenItem, frozen

_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What building made, and what it left out and why."""

    items: int
    neurons: int
    judgments: int
    left_out: tuple[LeftOut, ...]


@transaction.atomic
def study_build(*, study: Study) -> Built:
    """Freeze a draft's design into a batch of items that raters can be shown.

    StudyRefused, in words for the researcher, when the study is no draft, has fewer conditions than
    its design needs, has no neurons, or when nothing that can be asked is left.
    """
    study_now = Study.objects.select_for_update().get(pk=study.pk)
    conditions = _conditions(study_now)
    try:
        made = frozen(study_now, conditions)
    except ValueError as error:
        raise StudyRefused(str(error)) from error
    if not made.items:
        reasons = "; ".join(each.text for each in made.left_out)
        what = "compare" if study_now.compares else "ask"
        raise StudyRefused(f"Nothing to {what} is left: {reasons}.")
    batch = _batch(study_now, made)
    _link(study_now, batch, made, conditions)
    if study_now.draws_pairs:
        pairs_begin(study=study_now, at=timezone.now())
    study.batch, study.state = batch, Study.State.BUILT
    study.left_out = [asdict(each) for each in made.left_out]
    study.save(update_fields=["batch", "state", "left_out"])
    return Built(
        items=len(made.items),
        neurons=made.neurons,
        judgments=judgments_wanted(study),
        left_out=made.left_out,
    )


def _conditions(study: Study) -> list[Condition]:
    if study.state != Study.State.DRAFT:
        raise StudyRefused(f"The study is {study.state} already; only a draft can be built.")
    conditions = list(study.conditions.all())
    if len(conditions) < study.design.needs.conditions:
        raise StudyRefused(_TOO_FEW[study.design.needs.conditions])
    if study.follows is not None and study.follows.batch_id is None:
        raise StudyRefused("Build the first part before: its raters go on to this one.")
    if study.between_raters and not study.design.needs.allows_between_raters:
        raise StudyRefused(
            "Conditions can be assigned between raters only if a question shows one or two of them."
        )
    if not study.neurons.exists():
        raise StudyRefused("No neurons are picked: add some.")
    return conditions


_TOO_FEW = {
    1: "The design shows explanations: add a condition that says whose.",
    2: "A study compares at least two conditions: add one.",
}


def _batch(study: Study, made: Frozen) -> Batch:
    return batch_create(
        title=study.title,
        protocol=study.design.protocol,
        consent=study.consent,
        instructions=study.instructions,
        items=list(_new_items(study, made)),
        items_per_rater=study.items_per_rater,
        ask_confidence=study.ask_confidence,
        seed=study.seed,
        language=study.language,
        rules=read_rules(study.rules),
        tells_raters=study.tells_raters,
        entry=entry_of(study),
        follows=study.follows.batch if study.follows else None,
        catch_every=catch_interval(study.catches, study.items_per_rater),
        repeat_after=repeat_after(study.repeats, study.items_per_rater),
    )


def _new_items(study: Study, made: Frozen) -> Iterator[NewItem]:
    """Return the items to store. A catch trial's answer goes with it: raters are held to it."""
    first = {item.number: at for at, item in enumerate(made.items) if item.role != "repeat"}
    thumbnails = thumbnails_of(
        sorted({file for item in made.items for file in item.pictures.values()})
    )
    planned = [_planned(item) for item in made.items]
    between = study.between_raters
    dealt = groups(planned, seed=study.seed) if between else [None] * len(planned)
    wanted = _wanted(study, planned)
    writers = writers_of({shown for item in made.items for shown in item.shown})
    for item, overlap, group in zip(made.items, wanted, dealt, strict=True):
        is_catch = item.role == "catch"
        yield NewItem(
            payload=item.payload,
            overlap=overlap,
            gold=item.known if is_catch else None,
            is_catch=is_catch,
            repeats=first[item.number] if item.role == "repeat" else None,
            group=group,
            pictures={
                name: {"file": file, "thumbnail": thumbnails[file]}
                for name, file in item.pictures.items()
            },
            not_for={writer for shown in item.shown for writer in writers.get(shown, ())},
        )


def _planned(item: FrozenItem) -> Planned:
    shown = {option.condition for option in item.options} | {item.condition}
    conditions = tuple(sorted(each for each in shown if each is not None))
    return Planned(number=item.number, role=item.role, conditions=conditions)


def _wanted(study: Study, planned: Sequence[Planned]) -> list[int]:
    """Return the judgments wanted of each item; pairs that are chosen want none before they are."""
    if study.draws_pairs:
        return [study.budget if each.role == "catch" else 0 for each in planned]
    return overlaps(
        planned,
        overlap=study.overlap,
        extra_overlap=study.extra_overlap,
        extra_overlap_share=study.extra_overlap_share,
        seed=study.seed,
    )


def _link(study: Study, batch: Batch, made: Frozen, conditions: Sequence[Condition]) -> None:
    """Store what stands behind each item, where raters' pages cannot reach it."""
    ids = Item.objects.filter(batch=batch).order_by("position").values_list("pk", flat=True)
    rows = StudyItem.objects.bulk_create(
        (
            _study_item(study, pk, item, conditions)
            for pk, item in zip(ids, made.items, strict=True)
        ),
        batch_size=_ROWS,
    )
    StudyOption.objects.bulk_create(
        (
            option
            for row, item in zip(rows, made.items, strict=True)
            for option in _options(row, item, conditions)
        ),
        batch_size=_ROWS,
    )


def _study_item(
    study: Study, item_id: int, item: FrozenItem, conditions: Sequence[Condition]
) -> StudyItem:
    return StudyItem(
        study=study,
        item_id=item_id,
        neuron_id=item.neuron,
        role=item.role,
        explanation_id=item.explanation,
        condition=None if item.condition is None else conditions[item.condition],
        records=list(item.records),
        known=item.known,
    )


def _options(
    study_item: StudyItem, item: FrozenItem, conditions: Sequence[Condition]
) -> Iterator[StudyOption]:
    for place, option in enumerate(item.options):
        yield StudyOption(
            study_item=study_item,
            key=option.key,
            place=place,
            explanation_id=option.explanation,
            condition=None if option.condition is None else conditions[option.condition],
            record_id=option.record,
        )


@transaction.atomic
def study_unbuild(*, study: Study) -> None:
    """Turn a built study back into a draft; StudyRefused once it has been open."""
    locked = Study.objects.select_for_update(of=("self",)).select_related("batch")
    built = locked.get(pk=study.pk)
    batch = built.batch
    if built.state != Study.State.BUILT or batch is None or batch.enrolments.exists():
        raise StudyRefused("Only a study that was never opened can become a draft again.")
    if Study.objects.filter(follows=built, batch__isnull=False).exists():
        raise StudyRefused("Take the second part back to a draft before.")
    built.draws.all().delete()
    StudyOption.objects.filter(study_item__study=built).delete()
    built.items.all().delete()
    study.batch, study.state, study.left_out = None, Study.State.DRAFT, []
    study.save(update_fields=["batch", "state", "left_out"])
    batch.items.all().delete()
    batch.delete()
