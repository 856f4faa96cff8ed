"""Options of the commands that read and write formats."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.formats.lines import ImportOptions
from explanations.formats.registry import FORMATS

_HELP = {
    "subject": "the model's name, if the files don't contain it or use another",
    "layers": "number of layers, if the files don't contain it",
    "width": "neurons per layer, if the files don't contain it",
    "seed": "seed that assigns windows to splits, if the files have no documents (default 0)",
    "tokenizer": "a tokenizer.json, or a folder that holds one, where files hold token numbers",
}
_TEXTS = ("subject", "tokenizer")


def add_format(parser: CommandParser, *, without: frozenset[str] = frozenset()) -> None:
    """Add the choice of a format and its options."""
    parser.add_argument("--format", choices=list(FORMATS), default="concordance")
    for name, text in _HELP.items():
        if name not in without:
            parser.add_argument(f"--{name}", type=str if name in _TEXTS else int, help=text)


def given(options: dict[str, Any], *, without: frozenset[str] = frozenset()) -> ImportOptions:
    """Return the options given; raises `CommandError` for one that the format does not use."""
    said = {
        name: options[name]
        for name in _HELP
        if name not in without and options.get(name) is not None
    }
    if idle := sorted(said.keys() - FORMATS[options["format"]].takes):
        names = ", ".join(f"--{name}" for name in idle)
        raise CommandError(f"{names}: not used by the format {options['format']}")
    return ImportOptions(**said)


def counted(n: int, things: str) -> str:
    """Return a number with its noun, which is given in the plural: `1 neuron`, `2 neurons`."""
    return f"{n:,} {things.removesuffix('s') if n == 1 else things}"
