"""Export neurons with all that is said about them: `manage.py export_records FILE`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from explanations import selectors
from explanations.formats import concordance
from explanations.management.work import add_choice, chosen


class Command(BaseCommand):
    help = "Write neurons with records, explanations, simulations and scores as JSON Lines."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file and the choice of neurons."""
        parser.add_argument("file", type=Path)
        add_choice(parser)

    def handle(self, **options: Any) -> None:
        """Write a line a neuron; a file that cannot be finished is not left half written."""
        subject, neurons = chosen(options)
        keys = selectors.neuron_keys(subject, neurons)
        path: Path = options["file"]
        unfinished = path.with_name(f"{path.name}.unfinished")
        try:
            with unfinished.open("w", encoding="utf-8", newline="\n") as file:
                for line in selectors.neuron_lines(keys):
                    file.write(concordance.dump(line) + "\n")
            unfinished.replace(path)
        except OSError as error:
            raise CommandError(str(error)) from error
        finally:
            unfinished.unlink(missing_ok=True)
        self.stdout.write(f"{len(keys)} neurons are in {path}.")
