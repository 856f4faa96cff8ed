"""What the commands that read and write formats share: choosing one, and saying what it lacks."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.formats.lines import ImportOptions
from explanations.formats.registry import FORMATS

_HELP = {
    "subject": "what the model is called, where files do not say it or say it otherwise",
    "layers": "how many layers of neurons the model has, where files do not say it",
    "width": "how many neurons a layer has, where files do not say it",
    "seed": "what deals windows into splits, where files have no documents (default 0)",
    "tokenizer": "a tokenizer.json, or a folder that holds one, where files hold token numbers",
}
_TEXTS = ("subject", "tokenizer")


def add_format(parser: CommandParser, *, without: frozenset[str] = frozenset()) -> None:
    """Add the choice of a format and what may be said beside it."""
    parser.add_argument("--format", choices=list(FORMATS), default="concordance")
    for name, text in _HELP.items():
        if name not in without:
            parser.add_argument(f"--{name}", type=str if name in _TEXTS else int, help=text)


def given(options: dict[str, Any], *, without: frozenset[str] = frozenset()) -> ImportOptions:
    """Return what was said; raises `CommandError` for what means nothing to the format."""
    said = {
        name: options[name]
        for name in _HELP
        if name not in without and options.get(name) is not None
    }
    if idle := sorted(said.keys() - FORMATS[options["format"]].takes):
        names = ", ".join(f"--{name}" for name in idle)
        raise CommandError(f"{names} means nothing to the format {options['format']}")
    return ImportOptions(**said)
