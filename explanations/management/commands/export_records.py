"""Export neurons with their explanations and scores: `manage.py export_records PATH`."""

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from explanations.formats.lines import FormatError
from explanations.formats.registry import FORMATS
from explanations.management.import_options import add_format, counted, given
from explanations.management.run_command import add_choice, chosen
from explanations.selectors.export_rows import neuron_lines
from explanations.selectors.neurons import neuron_keys_in_place

# `--subject` already chooses the neurons here, and the sizes are known.
_NOT_SAID = frozenset({"subject", "layers", "width", "seed"})


class Command(BaseCommand):
    help = "Write neurons with records, explanations, simulations and scores."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the path, the format and the choice of neurons."""
        parser.add_argument("path", type=Path, help="a file or a folder, as the format has it")
        add_format(parser, without=_NOT_SAID)
        add_choice(parser)

    def handle(self, **options: Any) -> None:
        """Write what the format can hold and list the rest; exit with 1 if anything is left out.

        An unfinished file is removed.
        """
        path: Path = options["path"]
        form = FORMATS[options["format"]]
        if not form.is_file and path.exists():
            raise CommandError(f"{path} already exists: name a new folder")
        said = given(options, without=_NOT_SAID)
        subject, neurons = chosen(options)
        keys = neuron_keys_in_place(subject, neurons)
        unfinished = path.with_name(f"{path.stem}.unfinished{path.suffix}")
        faults = 0
        try:
            _remove(unfinished)
            if not form.is_file:
                unfinished.mkdir()
            for fault in form.write(neuron_lines(keys), unfinished, said):
                faults += 1
                self.stderr.write(str(fault))
            unfinished.replace(path)
        except (FormatError, OSError) as error:
            raise CommandError(str(error)) from error
        finally:
            _remove(unfinished)
        self.stdout.write(f"{path}: {counted(len(keys), 'neurons')} written.")
        if faults:
            raise CommandError(f"the format cannot hold everything: left out {faults} (see above)")


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
