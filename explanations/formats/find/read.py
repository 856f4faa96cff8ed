"""FIND: functions with known truth, and what interpreters said about them. No code is ever run.

`<category>/data.json` describes a category's functions, `<category>/fNNNNN/function_code.py` is the
code of one; both become explanations. So do `description.txt` and `code.py`, which an interpreter
leaves in `<model>/<category>/fNNNNN/`. A category is a subject with one layer, a function a neuron
without records. Source: Schwettmann et al. (2023), "FIND: A function description benchmark
for evaluating interpretability methods", and its code.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from explanations.corpora.sources import File, TextError, tree
from explanations.formats.fields import Fields, Problems, printable, text_fault
from explanations.formats.lines import (
    ExplanationLine,
    FormatError,
    ImportOptions,
    Location,
    MethodLine,
    NeuronLine,
    Parsed,
    Problem,
    SubjectLine,
)
from explanations.formats.reading import damage, told, whole
from explanations.formats.types import LARGEST
from explanations.formats.writing import json_text
from explanations.records import AuthorKind

SUBJECT = "find"
DATA, CODE = "data.json", "function_code.py"
DESCRIBED = MethodLine(name="find_description", version=1)
CODED = MethodLine(name="find_code", version=1)
_SAID = {"description.txt": "find_interpreter", "code.py": "find_interpreter_code"}

# Interpreters that were told where to begin leave their files in a folder of their own.
_HINTS = "_hints"
_FUNCTION = re.compile(r"f(\d{1,8})")


@dataclass(slots=True)
class _Category:
    """The files of one category, by the folder that it is."""

    data: File | None = None
    functions: dict[int, list[File]] = field(default_factory=lambda: defaultdict(list))


def read(place: str, options: ImportOptions) -> Iterator[Parsed | Problem]:
    """Read a category's folder, or a folder of them; one category's descriptions are held."""
    for folder, category in _categories(tree(place, (".json", ".py", ".txt"))).items():
        faults = Problems([])
        texts = _descriptions(category, faults)
        if category.data is not None:
            yield from told(Location(file=category.data.name), faults)
        name = folder.name.removesuffix(_HINTS)
        subject = SubjectLine(
            name=f"{options.subject or SUBJECT}/{name}", layers=1, width=options.width
        )
        by: dict[str, Any] = {"model": printable(folder.parent.name)}
        if name != folder.name:
            by["hints"] = True
        for index in sorted({*texts, *category.functions}):
            yield from _function(category, index, texts.get(index, ""), subject, by)


def write(neurons: Iterable[NeuronLine], path: Path, options: ImportOptions) -> Iterator[Problem]:
    """Write a folder a category: `data.json` with descriptions, and each function's code.

    What interpreters said goes to `<model>/<category>/`; no other explanation has a place.
    """
    described: dict[Path, list[dict[str, Any]]] = {}
    names: dict[Path, str] = {}
    for neuron in neurons:
        folder = path / PurePosixPath(neuron.subject.name).name
        if names.setdefault(folder, neuron.subject.name) != neuron.subject.name:
            raise FormatError(f"two subjects are called {folder.name}: choose one with --subject")
        rows = described.setdefault(folder, [])
        for explanation in neuron.explanations:
            yield from _write(explanation, neuron, folder, rows)
    for folder, rows in described.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / DATA).write_text(json_text(rows) + "\n", encoding="utf-8")


def _categories(files: Iterable[File]) -> dict[PurePosixPath, _Category]:
    """Sort files by the folder of their category; those of no known name are passed over."""
    found: dict[PurePosixPath, _Category] = defaultdict(_Category)
    for file in files:
        path = PurePosixPath(file.path)
        function = _FUNCTION.fullmatch(path.parent.name)
        if path.name == DATA:
            above = path.parent
            found[above.parent if above.name == "meta" else above].data = file
        elif function and path.name in (CODE, *_SAID):
            found[path.parent.parent].functions[int(function[1])].append(file)
    return found


def _descriptions(category: _Category, faults: Problems) -> dict[int, str]:
    """Return the description of each function that data.json describes."""
    if category.data is None:
        return {}
    raw = whole(category.data, faults)
    if faults.found:
        return {}
    texts: dict[int, str] = {}
    for fields in Fields({"functions": raw}, "", faults).objects("functions"):
        index, text = _described(fields)
        if index is not None and text:
            texts[index] = text
    return texts


def _described(fields: Fields) -> tuple[int | None, str]:
    """Return which function a row is about, and what it says of it."""
    before = len(fields.faults.found)
    folder = fields.text("dir", LARGEST)
    named = _FUNCTION.fullmatch(PurePosixPath(folder).name)
    if named is None and folder:
        fields.note("dir", "expected a folder called f and a number, as in f00012")
    text = _text(fields)
    if len(fields.faults.found) > before or named is None:
        return None, ""
    return int(named[1]), text


def _text(fields: Fields) -> str:
    """Return a function's description: its own words, or made of its concepts, or its formula."""
    for name in ("description", "GPT_description"):
        if fields.take(name, None):
            return fields.text(name, LARGEST).strip()
    if not fields.has("concept1"):
        return fields.text("name", LARGEST).strip()
    text = fields.text("concept1", LARGEST).strip()
    if fields.has("concept2"):
        text = f"{text} -> {fields.text('concept2', LARGEST).strip()}"
    # The files spell it so.
    if fields.has("exeption"):
        text = f"{text}, unless {fields.text('exeption', LARGEST).strip()}"
    return text


def _function(
    category: _Category, index: int, text: str, subject: SubjectLine, by: dict[str, Any]
) -> Iterator[Parsed | Problem]:
    said = [_explanation("1", text, AuthorKind.BASELINE, DESCRIBED)] if text else []
    location = Location(file=category.data.name if category.data else "", record=_folder(index))
    for file in category.functions.get(index, []):
        faults = Problems([])
        written = _content(file, faults)
        yield from told(Location(file=file.name), faults)
        name = PurePosixPath(file.name).name
        if faults.found or not written.strip():
            continue
        location = Location(file=file.name)
        if name == CODE:
            author, method = AuthorKind.BASELINE, CODED
        else:
            author = AuthorKind.MODEL
            method = MethodLine(name=_SAID[name], version=1, config=by)
        said.append(_explanation(str(len(said) + 1), written.strip(), author, method))
    if said:
        line = NeuronLine(
            subject=subject, layer=0, index=index, maximum=None, explanations=tuple(said)
        )
        yield Parsed(location=location, line=line)


def _content(file: File, faults: Problems) -> str:
    """Return a file as a text; a note where it is none."""
    try:
        with file.open() as handle:
            text = handle.read().decode()
    except TextError as error:
        faults.note("", damage(file, error))
        return ""
    except UnicodeDecodeError as error:
        faults.note("", f"is no text: {error}")
        return ""
    if fault := text_fault(text, LARGEST, empty=True):
        faults.note("", fault)
    return text


def _explanation(name: str, text: str, author: AuthorKind, method: MethodLine) -> ExplanationLine:
    return ExplanationLine(id=name, text=text, author_kind=author, method=method)


def _folder(index: int) -> str:
    return f"f{index:05}"


def _write(
    explanation: ExplanationLine, neuron: NeuronLine, folder: Path, rows: list[dict[str, Any]]
) -> Iterator[Problem]:
    """Write one explanation where it belongs; a fault where it belongs nowhere."""
    method, name = explanation.method, _folder(neuron.index)
    files = {said: file for file, said in _SAID.items()}
    if method == DESCRIBED:
        rows.append({"dir": name, "description": explanation.text})
        return
    if method == CODED:
        place = folder / name / CODE
    elif method is not None and method.name in files:
        model = str(method.config.get("model") or "unknown").replace("/", "--")
        category = folder.name + (_HINTS if method.config.get("hints") else "")
        place = folder.parent / model / category / name / files[method.name]
    else:
        by = method.name if method else "a person"
        yield Problem(
            location=Location(record=f"{neuron.subject.name} {name}"),
            field="explanations",
            message=f"FIND has no place for what {by} said; it is left out",
        )
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(explanation.text + "\n", encoding="utf-8")
