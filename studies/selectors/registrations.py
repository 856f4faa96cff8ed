"""A study's registration, and how the study departs from it."""

import json
from typing import Any

from annotation.models import Item
from studies.analysis.data.plan import Plan
from studies.analysis.results import Results
from studies.design.registered import differences, digest_of
from studies.models import Registration, Study
from studies.selectors.analyses import answers_count

_ROWS = 1000
_DESIGN = ("preset", "pairing", "pairs_per_neuron", "catches", "repeats")
_DEALING = (
    "budget",
    "random_share",
    "extra_overlap_share",
    "extra_overlap",
    "condition_assignment",
)
_SIZES = ("overlap", "items_per_rater", "excerpts", "ask_confidence", "seed", *_DESIGN, *_DEALING)
_RENAMED = {
    "deep_share": "extra_overlap_share",
    "deep_overlap": "extra_overlap",
    "dealing": "condition_assignment",
}
"""Parts of a design, by their names in earlier registrations."""
_TEXTS = ("title", "language", "question", "consent", "instructions")


def registration_of(study: Study) -> Registration | None:
    """Return a study's registration if it has one."""
    return Registration.objects.filter(study=study).first()


def registered_plan(study: Study) -> Plan:
    """Return the registered plan, or the default plan."""
    registration = registration_of(study)
    if registration is None:
        return Plan()
    return Plan.of(json.loads(registration.document)["analysis"])


def design_of(study: Study) -> dict[str, Any]:
    """Return a study's design, ready for JSON; `items` is None before it is built."""
    neurons = study.neurons.order_by("subject__name", "layer", "index")
    items = Item.objects.filter(batch=study.batch_id).order_by("position")
    return {
        **{name: getattr(study, name) for name in (*_TEXTS, *_SIZES)},
        **trust_of(study),
        "follows": study.follows and study.follows.slug,
        "conditions": [
            {"name": name, "method": method}
            for name, method in study.conditions.values_list("name", "method__digest")
        ],
        "neurons": _counted(neurons, "subject__name", "layer", "index"),
        "items": _counted(items, *_frozen(study)) if study.batch_id else None,
    }


def trust_of(study: Study) -> dict[str, Any]:
    """Return a study's quality rules and comprehension questions.

    Once it is built, these are the batch's, which can be changed until the first rater joins.
    """
    batch = study.batch
    if batch is None:
        entry: dict[str, Any] = {"checks": study.checks}
        practice = int(study.practises and study.design.practice is not None)
    else:
        entry, practice = batch.entry, len(batch.entry.get("practice", []))
    return {
        "rules": study.rules if batch is None else batch.rules,
        "tells_raters": study.tells_raters if batch is None else batch.tells_raters,
        "checks": entry.get("checks", []),
        "practice": practice,
    }


def _frozen(study: Study) -> tuple[str, ...]:
    """Return the fixed parts of an item: without its overlap, if pairs are chosen adaptively."""
    return ("position", "payload") if study.draws_pairs else ("position", "overlap", "payload")


def _counted(rows: Any, *columns: str) -> dict[str, Any]:
    found = rows.values_list(*columns)
    return {"n": rows.count(), "sha256": digest_of(map(list, found.iterator(_ROWS)))}


def departures(study: Study, results: Results) -> tuple[str, ...]:
    """Return sentences on how a study departs from its registration; empty without one."""
    registration = registration_of(study)
    if registration is None:
        return ()
    document = json.loads(registration.document)
    return (
        *_late(document["answers_before"]),
        *differences(_with_new_names(document["design"]), design_of(study)),
        *_not_scored(results),
        *_unfinished(study, results),
    )


def _with_new_names(design: dict[str, Any]) -> dict[str, Any]:
    return {_RENAMED.get(name, name): value for name, value in design.items()}


def _late(answers: int) -> tuple[str, ...]:
    if not answers:
        return ()
    return (f"Registered when {answers:,} answers had been given already.",)


def _not_scored(results: Results) -> tuple[str, ...]:
    plan, names = results.plan, results.scorers
    missing = dict.fromkeys(each for pair in plan.contrasts for each in pair if each not in names)
    primary = (
        (f"The declared primary scorer, {plan.primary}, has no score: the headline uses another.",)
        if plan.primary and plan.primary not in names
        else ()
    )
    return (
        *primary,
        *(f"A declared contrast is missing: {name} has no score." for name in missing),
    )


def _unfinished(study: Study, results: Results) -> tuple[str, ...]:
    missing = results.flow.judgments_wanted - results.flow.judgments
    if study.state != Study.State.CLOSED or missing <= 0:
        return ()
    return (f"Closed with {missing:,} of {results.flow.judgments_wanted:,} judgments missing.",)


def answers_before(study: Study) -> int:
    """Return how many answers a study has now."""
    return answers_count(study) if study.batch_id else 0
