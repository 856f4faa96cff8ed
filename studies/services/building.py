"""From a design to a batch of frozen, blind items, and back while nobody has seen them."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from django.db import transaction

from annotation.models import Batch, Item
from annotation.protocols import compare
from annotation.protocols.excerpt import Excerpt
from annotation.services import batch_create
from studies.design.items import Design, DesignedItem, LeftOut, design
from studies.models import Condition, Study, StudyItem, StudyOption
from studies.selectors.material import excerpts, topics
from studies.services.errors import StudyRefused

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

    StudyRefused, in words for the researcher, when the study is no draft, compares fewer than two
    conditions, has no neurons, or when nothing comparable is left.
    """
    study_now = Study.objects.select_for_update().get(pk=study.pk)
    conditions = _conditions(study_now)
    designed = design(
        topics(study_now, conditions),
        [condition.name for condition in conditions],
        seed=study_now.seed,
        longest=compare.MAX_OPTION_LENGTH,
    )
    if not designed.items:
        raise StudyRefused(f"Nothing to compare is left: {_reasons(designed)}.")
    batch = _batch(study_now, designed)
    _link(study_now, batch, designed, conditions)
    study.batch, study.state = batch, Study.State.BUILT
    study.left_out = [asdict(each) for each in designed.left_out]
    study.save(update_fields=["batch", "state", "left_out"])
    return Built(
        items=len(designed.items),
        neurons=designed.neurons,
        judgments=len(designed.items) * study_now.overlap,
        left_out=designed.left_out,
    )


def _conditions(study: Study) -> list[Condition]:
    if study.state != Study.State.DRAFT:
        raise StudyRefused(f"The study is {study.state} already; only a draft can be built.")
    conditions = list(study.conditions.all())
    if len(conditions) < 2:
        raise StudyRefused("A study compares at least two conditions: add one.")
    if not study.neurons.exists():
        raise StudyRefused("No neurons are picked: add some.")
    return conditions


def _reasons(designed: Design) -> str:
    return "; ".join(each.text for each in designed.left_out)


def _batch(study: Study, designed: Design) -> Batch:
    shown = excerpts({record for item in designed.items for record in item.excerpts})
    return batch_create(
        title=study.title,
        protocol=compare.NAME,
        consent=study.consent,
        instructions=study.instructions,
        items=[(_payload(item, shown), study.overlap) for item in designed.items],
        items_per_rater=study.items_per_rater,
        ask_confidence=study.ask_confidence,
        seed=study.seed,
    )


def _payload(item: DesignedItem, shown: Mapping[int, Excerpt]) -> dict[str, object]:
    """Return exactly what a rater is shown: texts, excerpts, opaque keys, and nothing else."""
    first, second = (
        compare.Option(key=option.key, text=option.candidate.text) for option in item.options
    )
    return compare.ComparePayload(
        excerpts=tuple(shown[record] for record in item.excerpts), options=(first, second)
    ).to_json()


def _link(study: Study, batch: Batch, designed: Design, conditions: list[Condition]) -> None:
    """Store what stands behind each item, where raters' pages cannot reach it."""
    ids = Item.objects.filter(batch=batch).order_by("position").values_list("pk", flat=True)
    behind = StudyItem.objects.bulk_create(
        (
            StudyItem(study=study, item_id=pk, neuron_id=item.neuron)
            for pk, item in zip(ids, designed.items, strict=True)
        ),
        batch_size=_ROWS,
    )
    StudyOption.objects.bulk_create(
        (
            option
            for study_item, item in zip(behind, designed.items, strict=True)
            for option in _options(study_item, item, conditions)
        ),
        batch_size=_ROWS,
    )


def _options(
    study_item: StudyItem, item: DesignedItem, conditions: list[Condition]
) -> Iterator[StudyOption]:
    for place, option in enumerate(item.options):
        yield StudyOption(
            study_item=study_item,
            key=option.key,
            place=place,
            explanation_id=option.candidate.explanation,
            condition=conditions[option.candidate.condition],
        )


@transaction.atomic
def study_unbuild(*, study: Study) -> None:
    """Turn a built study back into a draft; StudyRefused once it has been open."""
    locked = Study.objects.select_for_update(of=("self",)).select_related("batch")
    built = locked.get(pk=study.pk)
    batch = built.batch
    if built.state != Study.State.BUILT or batch is None or batch.enrolments.exists():
        raise StudyRefused("Only a study that was never opened can become a draft again.")
    StudyOption.objects.filter(study_item__study=built).delete()
    built.items.all().delete()
    study.batch, study.state, study.left_out = None, Study.State.DRAFT, []
    study.save(update_fields=["batch", "state", "left_out"])
    batch.items.all().delete()
    batch.delete()
