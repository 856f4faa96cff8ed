"""The formats of files about neurons, by name; each module reads and writes one."""

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
    """What is done with a format.

    `read` yields what is good and what is wrong, in order, and holds little at a time; nothing in a
    file makes it raise. `write` makes a file where it `is_file`, else fills an empty folder, with
    neurons by subject, layer and index, and yields what the format has no place for. Both raise
    `FormatError`, `TextError` and `OSError` for what cannot be begun. `takes` are the fields of
    `Given` that mean something to it.
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
