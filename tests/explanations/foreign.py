"""Reading and writing others' files in tests, and the commands that do."""

from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command

from explanations.formats.lines import ImportOptions, NeuronLine, Parsed, Problem
from explanations.formats.registry import FORMATS


def read(form: str, path: Path, **said: Any) -> tuple[list[Any], list[str]]:
    """Return the lines that were read, and the faults as they are told."""
    outcomes = list(FORMATS[form].read(str(path), ImportOptions(**said)))
    lines = [each.line for each in outcomes if isinstance(each, Parsed)]
    return lines, [str(each) for each in outcomes if isinstance(each, Problem)]


def write(form: str, lines: Iterable[NeuronLine], path: Path, **said: Any) -> list[str]:
    """Write lines to a new path; return what had no place."""
    if not FORMATS[form].is_file:
        path.mkdir()
    return [str(fault) for fault in FORMATS[form].write(lines, path, ImportOptions(**said))]


def call(command: str, path: Path, *options: str) -> tuple[str, str, bool]:
    """Return what a command said, which faults it named, and whether its status was 0."""
    out, err = StringIO(), StringIO()
    try:
        call_command(command, str(path), *options, stdout=out, stderr=err)
    except CommandError:
        return out.getvalue(), err.getvalue(), False
    return out.getvalue(), err.getvalue(), True
