"""Build a study's batch of blind items, and undo it before anyone has seen them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone

from annotation.models import Item
from annotation.quality import read_rules
from annotation.services.batches import NewItem, batch_create
from studies.analysis.report.wording import counted
from studies.design.candidates import LeftOut
from studies.design.overlap import Planned, catch_interval, groups, overlaps, repeat_after
from studies.models import Condition, Study, StudyItem, StudyOption
from studies.selectors.adopting import writers_of
from studies.selectors.flow import judgments_wanted
from studies.selectors.images import thumbnails_of
from studies.services.drawing import pairs_begin
from studies.services.entry import entry_of
from studies.services.errors import StudyRefused
from studies.services.items import BuiltItem, build_items

_ROWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The number of items built, and what was left out and why."""

    items: int
    neurons: int
    judgments: int
    left_out: tuple[LeftOut, ...]


@transaction.atomic
def study_build(*, study: Study) -> Built:
    """Turn a draft's design into a batch of items, which no longer change.

    StudyRefused, in words for the researcher, if the study is not a draft, has no neurons or fewer
    conditions than its design needs, or if nothing is left to ask.
    """
    locked = Study.objects.select_for_update().get(pk=study.pk)
    conditions = _conditions(locked)
    try:
        items, left_out = build_items(locked, conditions)
    except ValueError as error:
        raise StudyRefused(str(error)) from error
    if not items:
        reasons = "; ".join(each.text for each in left_out)
        raise StudyRefused(f"No question can be built: {reasons}.")
    batch = batch_create(
        title=locked.title,
        protocol=locked.design.protocol,
        consent=locked.consent,
        instructions=locked.instructions,
        items=list(_new_items(locked, items)),
        items_per_rater=locked.items_per_rater,
        ask_confidence=locked.ask_confidence,
        seed=locked.seed,
        language=locked.language,
        rules=read_rules(locked.rules),
        tells_raters=locked.tells_raters,
        entry=entry_of(locked),
        follows=locked.follows.batch if locked.follows else None,
        catch_interval=catch_interval(locked.catches, locked.items_per_rater),
        repeat_after=repeat_after(locked.repeats, locked.items_per_rater),
    )
    ids = Item.objects.filter(batch=batch).order_by("position").values_list("pk", flat=True)
    _link(locked, ids, items, conditions)
    if locked.draws_pairs:
        pairs_begin(study=locked, at=timezone.now())
    study.batch, study.state = batch, Study.State.BUILT
    study.left_out = [asdict(each) for each in left_out]
    study.save(update_fields=["batch", "state", "left_out"])
    return Built(
        items=len(items),
        neurons=len({item.neuron for item in items}),
        judgments=judgments_wanted(study),
        left_out=left_out,
    )


def _conditions(study: Study) -> list[Condition]:
    """Return the conditions of a study that can be built; StudyRefused says why it cannot."""
    conditions, needs = list(study.conditions.all()), study.design.needs
    if study.state != Study.State.DRAFT:
        raise StudyRefused(f"The study is {study.state}: only a draft can be built.")
    if len(conditions) < needs.conditions:
        raise StudyRefused(
            f"This design needs at least {counted(needs.conditions, 'condition')}: add one."
        )
    if study.follows is not None and study.follows.batch_id is None:
        raise StudyRefused("Build the first part first.")
    if study.between_raters and not needs.allows_between_raters:
        raise StudyRefused(
            "Conditions can be assigned between raters only if a question shows one or two of them."
        )
    if not study.neurons.exists():
        raise StudyRefused("The study has no neurons: add some.")
    return conditions


def _new_items(study: Study, items: Sequence[BuiltItem]) -> Iterator[NewItem]:
    """Yield the items to store; catch trials with their answer, on which raters are checked."""
    first = {item.number: i for i, item in enumerate(items) if item.role != "repeat"}
    thumbnails = thumbnails_of(sorted({file for item in items for file in item.pictures.values()}))
    planned = [_planned(item) for item in items]
    group_of = groups(planned, seed=study.seed) if study.between_raters else [None] * len(planned)
    writers = writers_of({shown for item in items for shown in item.explanations})
    for item, overlap, group in zip(items, _wanted(study, planned), group_of, strict=True):
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
            not_for={writer for shown in item.explanations for writer in writers.get(shown, ())},
        )


def _planned(item: BuiltItem) -> Planned:
    shown = {option.condition for option in item.options} | {item.condition}
    conditions = tuple(sorted(each for each in shown if each is not None))
    return Planned(number=item.number, role=item.role, conditions=conditions)


def _wanted(study: Study, planned: Sequence[Planned]) -> list[int]:
    """Return the judgments wanted of each item; none yet if pairs are chosen adaptively."""
    if study.draws_pairs:
        return [study.budget if each.role == "catch" else 0 for each in planned]
    return overlaps(
        planned,
        overlap=study.overlap,
        extra_overlap=study.extra_overlap,
        extra_overlap_share=study.extra_overlap_share,
        seed=study.seed,
    )


def _link(
    study: Study, ids: Iterable[int], items: Sequence[BuiltItem], conditions: Sequence[Condition]
) -> None:
    """Store what each item and option is about, to which raters' pages have no access."""
    rows = StudyItem.objects.bulk_create(
        (
            StudyItem(
                study=study,
                item_id=pk,
                neuron_id=item.neuron,
                role=item.role,
                explanation_id=item.explanation,
                condition=_condition(item.condition, conditions),
                records=list(item.records),
                known=item.known,
            )
            for pk, item in zip(ids, items, strict=True)
        ),
        batch_size=_ROWS,
    )
    StudyOption.objects.bulk_create(
        (
            StudyOption(
                study_item=row,
                key=option.key,
                place=place,
                explanation_id=option.explanation,
                condition=_condition(option.condition, conditions),
                record_id=option.record,
            )
            for row, item in zip(rows, items, strict=True)
            for place, option in enumerate(item.options)
        ),
        batch_size=_ROWS,
    )


def _condition(number: int | None, conditions: Sequence[Condition]) -> Condition | None:
    return None if number is None else conditions[number]


@transaction.atomic
def study_unbuild(*, study: Study) -> None:
    """Turn a built study back into a draft; StudyRefused once it has been open."""
    locked = Study.objects.select_for_update(of=("self",))
    built = locked.select_related("batch").get(pk=study.pk)
    batch = built.batch
    if built.state != Study.State.BUILT or batch is None or batch.enrolments.exists():
        raise StudyRefused("Only a study that was never opened can go back to draft.")
    if Study.objects.filter(follows=built, batch__isnull=False).exists():
        raise StudyRefused("Turn the second part back into a draft first.")
    built.draws.all().delete()
    StudyOption.objects.filter(study_item__study=built).delete()
    built.items.all().delete()
    study.batch, study.state, study.left_out = None, Study.State.DRAFT, []
    study.save(update_fields=["batch", "state", "left_out"])
    batch.items.all().delete()
    batch.delete()
