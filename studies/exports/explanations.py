"""Explanations of a study's neurons, their scores and simulations."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db.models import BooleanField, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from explanations.models import PERSON, Explanation, Score, SimulatedRecord
from explanations.records import unpacked
from studies.exports.columns import EXPLANATION, NEURON, Column, Row, Table
from studies.models import Study, StudyItem, StudyOption
from studies.selectors.answers import shown_in
from studies.selectors.tables import scorer_label, scorer_labels, simulator_labels

_ROWS = 1000


def _explanations(study: Study) -> Iterator[Row]:
    options = StudyOption.objects.filter(study_item__study=study, explanation=OuterRef("pk"))
    items = StudyItem.objects.filter(study=study, explanation=OuterRef("pk"))
    rows = Explanation.objects.filter(pk__in=_shown(study)).order_by("neuron", "pk")
    columns = rows.values(
        "author_kind",
        "parent",
        "text",
        explanation=F("pk"),
        subject=F("neuron__subject__name"),
        layer=F("neuron__layer"),
        index=F("neuron__index"),
        condition=Coalesce(
            Subquery(options.values("condition__name")[:1]),
            Subquery(items.values("condition__name")[:1]),
        ),
        explainer=F("method__name"),
        method_version=F("method__version"),
    )
    for row in columns.iterator(_ROWS):
        yield {**row, "method": row["explainer"]}


def _scores(study: Study) -> Iterator[Row]:
    labels = scorer_labels(study)
    rows = Score.objects.filter(explanation__in=_shown(study)).order_by("explanation", "pk")
    columns = rows.values(
        "explanation",
        "value",
        "reason",
        "low",
        "high",
        "n",
        scorer_method=F("method__name"),
        scorer_version=F("method__version"),
        simulator=F("simulation__method__name"),
        simulator_version=F("simulation__method__version"),
        scorer_pk=F("method"),
        simulator_pk=F("simulation__method"),
    )
    for row in columns.iterator(_ROWS):
        label = scorer_label(labels, row["scorer_pk"], row["simulator_pk"])
        yield {**row, "scorer": label, "reason": row["reason"] or None}


def _simulations(study: Study) -> Iterator[Row]:
    labels = simulator_labels(study)
    rows = SimulatedRecord.objects.filter(simulation__explanation__in=_shown(study))
    columns = rows.order_by("simulation", "pk").values(
        "simulation",
        "record",
        "reason",
        "values",
        explanation=F("simulation__explanation"),
        simulator=F("simulation__method__name"),
        simulator_version=F("simulation__method__version"),
        simulator_pk=F("simulation__method"),
        by_person=ExpressionWrapper(Q(simulation__method__config__has_key=PERSON), BooleanField()),
        scale=F("simulation__scale"),
        document=F("record__document__key"),
        start=F("record__start"),
        tokens=F("record__tokens"),
        recorded=F("record__values"),
    )
    for row in columns.iterator(_ROWS):
        yield {
            **row,
            "simulated_by": labels[row["simulator_pk"]],
            "simulated": _numbers(row["values"]),
            "actual": _numbers(row["recorded"]),
            "reason": row["reason"] or None,
        }


def _numbers(packed: bytes | memoryview | None) -> list[float | None] | None:
    if packed is None:
        return None
    values = unpacked(packed)
    return [float(value) if np.isfinite(value) else None for value in values]


def _shown(study: Study) -> Any:
    return Explanation.objects.filter(shown_in(study)).values("pk")


EXPLANATIONS = Table(
    about=(
        "One row per explanation that was shown; if raters write explanations, one row per "
        "explanation of the study's neurons."
    ),
    columns=(
        Column("explanation", "whole", "number of the explanation"),
        *NEURON,
        Column("condition", "text", "the condition it represents; empty for a true description"),
        Column("author_kind", "text", "`human`, `model`, `baseline` or `control`"),
        Column("method", "text", "the explainer; empty for people"),
        Column("method_version", "whole", "the explainer's version"),
        Column("parent", "whole", "the explanation it was revised from, if any"),
        Column("text", "text", "the text"),
    ),
    rows=_explanations,
)
SCORES = Table(
    about="One row per explanation shown and scorer.",
    columns=(
        EXPLANATION,
        Column("scorer", "text", "scorer as named on the results page: scorer · simulator"),
        Column("scorer_method", "text", "method of the scorer"),
        Column("scorer_version", "whole", "version of the scorer"),
        Column(
            "simulator",
            "text",
            "simulator whose simulation was scored; empty for scorers without one",
        ),
        Column("simulator_version", "whole", "version of the simulator"),
        Column("value", "number", "the score; empty if undefined"),
        Column("reason", "text", "why it is undefined"),
        Column("low", "number", "lower end of its 95% interval; empty if there is none"),
        Column("high", "number", "upper end of its 95% interval"),
        Column("n", "whole", "number of observations"),
    ),
    rows=_scores,
)
SIMULATIONS = Table(
    about="One row per simulation of a shown explanation and record.",
    columns=(
        EXPLANATION,
        Column("simulation", "whole", "number of the simulation"),
        Column("simulator", "text", "simulator that predicted the activations"),
        Column("simulated_by", "text", "simulator as named on the results page"),
        Column("simulator_version", "whole", "version of the simulator"),
        Column("by_person", "truth", "whether a rater made it, in a study"),
        Column("scale", "text", "scale of `simulated`: `raw` or `zero_to_ten`"),
        Column("record", "whole", "number of the activation record"),
        Column("document", "text", "document of the record"),
        Column("start", "whole", "position of its first token in the document"),
        Column("tokens", "json", "its tokens"),
        Column("actual", "json", "the neuron's raw activation on each token"),
        Column("simulated", "json", "predicted activation of each token; null if there is none"),
        Column("reason", "text", "why there is no prediction"),
    ),
    rows=_simulations,
)
