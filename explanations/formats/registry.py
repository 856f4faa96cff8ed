"""The formats of files about neurons, by name; one folder reads and writes each."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from explanations.formats.concordance import read as concordance
from explanations.formats.delphi import read as delphi
from explanations.formats.find import read as find
from explanations.formats.lines import ImportOptions, NeuronLine, Parsed, Problem
from explanations.formats.neuronpedia import read as neuronpedia
from explanations.formats.openai import read as openai
from explanations.formats.scores import read as scores

Read = Callable[[str, ImportOptions], Iterator[Parsed | Problem]]
Write = Callable[[Iterable[NeuronLine], Path, ImportOptions], Iterator[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How a format is read and written.

    `read` yields what it reads and every problem, in order, and streams; no content of a file makes
    it raise. `write` writes a file if the format `is_file`, else fills an empty folder, with
    neurons ordered by subject, layer and index, and yields a problem for all that the format can't
    hold. Both raise `FormatError`, `TextError` or `OSError` if they can't begin. `takes` are the
    fields of `ImportOptions` that the format uses.

    To add a format, add a folder with a `read.py` that has `read` and `write`, and a line below.
    """

    read: Read
    write: Write
    takes: frozenset[str]
    is_file: bool = False


def _of(module: ModuleType, *takes: str, is_file: bool = False) -> Format:
    return Format(read=module.read, write=module.write, takes=frozenset(takes), is_file=is_file)


FORMATS = {
    "concordance": _of(concordance, is_file=True),
    "openai": _of(openai, "subject", "layers", "width", "seed"),
    "neuronpedia": _of(neuronpedia, "subject", "layers", "width", "seed"),
    "delphi": _of(delphi, "subject", "layers", "width", "seed", "tokenizer"),
    "find": _of(find, "subject", "width"),
    "scores": _of(scores, "subject", is_file=True),
}
