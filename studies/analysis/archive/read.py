"""A study's export as an analysis takes it: no database, only the zip."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from studies.analysis.archive.tables import read_tables
from studies.analysis.data.answers import StudyTables
from studies.analysis.data.canonical_json import as_text
from studies.analysis.data.plan import Plan
from studies.analysis.results import analyse

FORMAT = 1
"""Raised whenever an export's files change their meaning."""
STUDY, RESULTS = "study.json", "results.json"


class ExportError(ValueError):
    """A file that is no export of a study; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """Recomputed results, as `results.json` has them, and those that the export came with."""

    recomputed: str
    exported: str


def recompute(path: Path) -> Recomputed:
    """Compute an export's results from its tables alone. `ExportError`: it is no export."""
    try:
        with ZipFile(path) as export:
            tables, plan = read_export(export)
            exported = _opened(export, RESULTS).read().decode()
    except OSError as error:
        raise ExportError(f"{path}: {error.strerror}") from error
    except BadZipFile as error:
        raise ExportError(f"{path}: no zip file ({error})") from error
    except ExportError as error:
        raise ExportError(f"{path}: {error}") from error
    except KeyError as error:
        raise ExportError(f"{path}: something in it lacks the field {error}") from error
    return Recomputed(recomputed=as_text(analyse(tables, plan).as_dict()), exported=exported)


def read_export(export: ZipFile) -> tuple[StudyTables, Plan]:
    """Return an export's tables and plan. KeyError for a field that is not there."""
    study = _parsed(_opened(export, STUDY).read(), STUDY)
    if study["format"] != FORMAT:
        raise ExportError(f"{STUDY}: format {study['format']}, and this reads {FORMAT}")
    return read_tables(study, partial(_lines, export)), Plan.of(study["plan"])


def _lines(export: ZipFile, table: str) -> Iterator[dict[str, Any]]:
    name = f"{table}.jsonl"
    with _opened(export, name) as file:
        for number, line in enumerate(file, start=1):
            yield _parsed(line, f"{name}, line {number}")


def _opened(export: ZipFile, name: str) -> IO[bytes]:
    if name not in export.NameToInfo:
        raise ExportError(f"no {name} in it")
    return export.open(name)


def _parsed(text: bytes, where: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ExportError(f"{where}: no JSON ({error})") from error
