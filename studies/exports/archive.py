"""The complete export of a study as one zip, written piece by piece."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from studies.analysis.archive.read import RESULTS, STUDY
from studies.analysis.data.canonical_json import as_text
from studies.analysis.report.figure import figure_to_csv
from studies.analysis.report.results_to_csv import columns, flat_tables
from studies.exports.columns import Column
from studies.exports.croissant import File, croissant
from studies.exports.datasheet import datasheet
from studies.exports.formats import Sink, installed_formats, to_csv
from studies.exports.methods_text import bibtex, methods
from studies.exports.results import (
    ExportedResults,
    last_change,
    results_for_export,
    snapshot,
    study_facts,
)
from studies.exports.tables import TABLES, pieces
from studies.models import Study
from studies.selectors.registrations import registration_of

Entry: TypeAlias = tuple[str, str, Iterable[bytes]]
"""A file's name, its description, and its content piece by piece."""


def archive(study: Study, *, identified: bool = False) -> Iterator[bytes]:
    """Yield the zip of a study: tables, results, figures, and their description.

    All of it is from one snapshot. Memory does not depend on the number of judgments, unless the
    results have to be computed first. The same study in the same state gives the same bytes. With
    `identified`, it includes recruiter ids.
    """
    with snapshot():
        sink, written = Sink(), list[File]()
        with ZipFile(sink, "w") as zipped:
            for name, about, content in _entries(study, written, identified):
                yield from _written(zipped, sink, name, about, content, written)
        yield sink.emptied()


def _written(
    zipped: ZipFile, sink: Sink, name: str, about: str, content: Iterable[bytes], to: list[File]
) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    info = ZipInfo(name)
    info.compress_type = ZIP_STORED if name.endswith(".parquet") else ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    with zipped.open(info, "w", force_zip64=True) as file:
        for piece in content:
            file.write(piece)
            digest.update(piece)
            size += len(piece)
            yield sink.emptied()
    to.append(File(name=name, about=about, size=size, sha256=digest.hexdigest()))


def _entries(study: Study, written: list[File], identified: bool) -> Iterator[Entry]:
    made, at = results_for_export(study), last_change(study)
    facts, text = {**study_facts(study, made), "identified": identified}, as_text(made.results)
    results = json.loads(text)
    # One copy is enough for as long as the tables take.
    made = replace(made, results=results)
    yield _text(STUDY, "the design, the plan and the flow of items and judgments", _json(facts))
    if registered := registration_of(study):
        about = "the registered design and plan, exactly as hashed"
        yield _text("registration.json", about, registered.document)
    yield _text(RESULTS, "all results", text)
    del text
    yield from _tables(study, identified)
    yield from _results(results)
    yield from _figures(made)
    cite = bibtex(facts, at)
    yield _text(
        "methods.md",
        "a methods paragraph with the study's numbers",
        methods(facts, results, made.summary),
    )
    yield _text("citation.bib", "the data set's citation, and those of the methods paragraph", cite)
    listed = [(file.name, file.about) for file in written]
    sheet = datasheet(facts, results, made.summary, listed, at)
    yield _text("datasheet.md", "composition, collection and intended uses of the data", sheet)
    described = croissant(facts, written, cite, at)
    yield _text("croissant.json", "machine-readable description of the files", _json(described))


def _text(name: str, about: str, text: str) -> Entry:
    return name, about, [text.encode()]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _tables(study: Study, identified: bool) -> Iterator[Entry]:
    for table, described in TABLES.items():
        for format in installed_formats():
            content = pieces(study, table, format, identified=identified)
            yield f"{table}.{format}", described.about, content


def _results(results: dict[str, Any]) -> Iterator[Entry]:
    for name, rows in flat_tables(results).items():
        named = tuple(Column(each, "text", "") for each in columns(rows))
        whole = ({column.name: row.get(column.name) for column in named} for row in rows)
        yield f"results/{name}.csv", "a table of the results", to_csv(named, whole)


def _figures(made: ExportedResults) -> Iterator[Entry]:
    for name, shown in sorted(made.figures.items()):
        if shown["svg"]:
            yield _text(f"figures/{name}.svg", shown["title"], shown["svg"])
        yield _text(f"figures/{name}.csv", f"{shown['title']}: its data", figure_to_csv(shown))
