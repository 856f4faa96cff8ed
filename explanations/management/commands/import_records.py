"""Import files of other tools: `manage.py import_records PATH --format NAME`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from explanations.corpora.sources import TextError
from explanations.formats.lines import ExternalScore, FormatError, Parsed, Problem
from explanations.formats.registry import FORMATS
from explanations.management.import_options import add_format, counted, given
from explanations.services.imports import neuron_import
from explanations.services.imports_scores import Counts, ImportProblem, score_import


class Command(BaseCommand):
    help = "Read neurons with records, explanations, simulations and scores."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the path and values that the files may not contain."""
        parser.add_argument("path", help="a file, a folder, or a URL that fsspec can open")
        add_format(parser)
        parser.add_argument(
            "--dry-run", action="store_true", help="check everything and store nothing"
        )

    def handle(self, **options: Any) -> None:
        """Import what is valid and print every problem; exit with 1 if there was any."""
        self.faults = self.read = 0
        totals = Counts()
        said = given(options)
        try:
            with _kept(not options["dry_run"]):
                for found in FORMATS[options["format"]].read(options["path"], said):
                    self.read += 1
                    if isinstance(found, Problem):
                        self._tell(found)
                    else:
                        self._import(found, totals)
        except (FormatError, TextError, OSError) as error:
            raise CommandError(str(error)) from error
        if not self.read:
            raise CommandError(
                f"{options['path']}: nothing in the format {options['format']} found"
            )
        self._sum_up(totals, dry=options["dry_run"])

    def _import(self, found: Parsed, totals: Counts) -> None:
        try:
            totals.add(_stored(found))
        except ImportProblem as fault:
            self._tell(Problem(location=found.location, field=fault.field, message=str(fault)))

    def _tell(self, fault: Problem) -> None:
        self.faults += 1
        self.stderr.write(str(fault))

    def _sum_up(self, totals: Counts, *, dry: bool) -> None:
        verb = "would be new" if dry else "are new"
        self.stdout.write(
            f"{counted(totals.neurons, 'neurons')}, {counted(totals.records, 'records')}, "
            f"{counted(totals.explanations, 'explanations')}, "
            f"{counted(totals.simulations, 'simulations')} and "
            f"{counted(totals.scores, 'scores')} {verb}; problems: {self.faults}."
        )
        if self.faults:
            raise CommandError(f"problems: {self.faults} (see above)")


def _stored(found: Parsed) -> Counts:
    if isinstance(found.line, ExternalScore):
        return score_import(line=found.line)
    return neuron_import(line=found.line)


@contextmanager
def _kept(kept: bool) -> Iterator[None]:
    """Keep what is stored inside the block, or roll it back."""
    if kept:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
