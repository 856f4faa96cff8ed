"""A machine-readable description of an export: Croissant 1.0 (JSON-LD, MLCommons)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from studies.exports.columns import Column
from studies.exports.tables import TABLES, columns_of

_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_TYPES = {
    "text": "sc:Text",
    "json": "sc:Text",
    "whole": "sc:Integer",
    "number": "sc:Float",
    "truth": "sc:Boolean",
    "time": "sc:DateTime",
}
_ENCODINGS = {
    "csv": "text/csv",
    "jsonl": "application/jsonlines",
    "parquet": "application/x-parquet",
    "json": "application/json",
    "svg": "image/svg+xml",
    "md": "text/markdown",
    "bib": "application/x-bibtex",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of an export as it was written."""

    name: str
    about: str
    size: int
    sha256: str


def croissant(
    study: Mapping[str, Any], files: Sequence[File], cite: str, at: datetime
) -> dict[str, Any]:
    """Return the description; its record sets are read from the CSV files."""
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": study["slug"],
        "alternateName": study["title"],
        "description": study["question"] or f"Judgments of the study {study['title']}",
        "datePublished": at.isoformat(),
        "version": f"{study['format']}.0.0",
        "citeAs": cite,
        "distribution": [_file(file) for file in files],
        "recordSet": [_records(name, study["identified"]) for name in TABLES],
    }


def _file(file: File) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "description": file.about,
        "contentUrl": file.name,
        "contentSize": f"{file.size} B",
        "encodingFormat": _ENCODINGS[file.name.rpartition(".")[2]],
        "sha256": file.sha256,
    }


def _records(table: str, identified: bool) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": table,
        "name": table,
        "description": TABLES[table].about,
        "field": [_field(table, each) for each in columns_of(table, identified=identified)],
    }


def _field(table: str, column: Column) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{table}/{column.name}",
        "name": column.name,
        "description": column.meaning,
        "dataType": _TYPES[column.kind],
        "source": {"fileObject": {"@id": f"{table}.csv"}, "extract": {"column": column.name}},
    }
