"""The activation records that were shown, in full."""

from collections.abc import Iterator

from django.db.models import F

from explanations.models import Record
from explanations.records import unpacked
from studies.exports.columns import NEURON, Column, Row, Table
from studies.models import Study
from studies.selectors.answers import chunked

_ROWS = 500


def _records(study: Study) -> Iterator[Row]:
    shown = study.items.values_list("records", flat=True).iterator(_ROWS)
    wanted = sorted({pk for records in shown for pk in records})
    for chunk in chunked(iter(wanted), _ROWS):
        rows = Record.objects.filter(pk__in=chunk).order_by("pk")
        columns = rows.values(
            "kind",
            "start",
            "tokens",
            "peak",
            "values",
            record=F("pk"),
            subject=F("neuron__subject__name"),
            layer=F("neuron__layer"),
            index=F("neuron__index"),
            split=F("document__split"),
            document_key=F("document__key"),
            image=F("document__image__original"),
        )
        for row in columns:
            actual = unpacked(row["values"]).tolist()
            yield {**row, "document": row["document_key"], "actual": actual}


RECORDS = Table(
    about="One row per activation record that an item shows.",
    columns=(
        Column("record", "whole", "number of the record"),
        *NEURON,
        Column("document", "text", "document of the record"),
        Column("split", "text", "split of the document: `explain`, `select` or `score`"),
        Column("start", "whole", "position of its first token in the document"),
        Column("kind", "text", "why it was kept: `top`, `quantile`, `random` or `bottom`"),
        Column("tokens", "json", "its tokens; for an image, its alternative text"),
        Column("image", "text", "file name of the image in the imported zip; empty for a text"),
        Column("actual", "json", "the neuron's raw activation on each token"),
        Column("peak", "number", "highest activation"),
    ),
    rows=_records,
)
