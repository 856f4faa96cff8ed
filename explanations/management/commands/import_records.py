"""Import a researcher's own material: `manage.py import_records FILE [--dry-run]`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from explanations import services
from explanations.formats import concordance
from explanations.formats.lines import Fault, NeuronLine


class Command(BaseCommand):
    help = "Read neurons with records, explanations, simulations and scores from JSON Lines."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file."""
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--dry-run", action="store_true", help="check everything and store nothing"
        )

    def handle(self, **options: Any) -> None:
        """Import what is good, and name every fault; the status is 1 if there was any."""
        self.faults = 0
        totals = services.Counts()
        try:
            with options["file"].open("rb") as lines, _kept(not options["dry_run"]):
                counted = _Counted(lines)
                for read in concordance.read(counted):
                    if isinstance(read, Fault):
                        self._tell(str(read))
                    else:
                        self._import(read, counted.line, totals)
        except OSError as error:
            raise CommandError(str(error)) from error
        self._sum_up(totals, dry=options["dry_run"])

    def _import(self, neuron: NeuronLine, line: int, totals: services.Counts) -> None:
        try:
            totals.add(services.neuron_import(line=neuron))
        except services.ImportFault as fault:
            self._tell(str(Fault(line=line, field=fault.field, message=str(fault))))

    def _tell(self, fault: str) -> None:
        self.faults += 1
        self.stderr.write(fault)

    def _sum_up(self, totals: services.Counts, *, dry: bool) -> None:
        verb = "would be new" if dry else "are new"
        self.stdout.write(
            f"{totals.neurons} neurons, {totals.records} records, "
            f"{totals.explanations} explanations, {totals.simulations} simulations and "
            f"{totals.scores} scores {verb}; {self.faults} faults."
        )
        if self.faults:
            raise CommandError(f"{self.faults} faults: see above")


class _Counted:
    """Lines of a file; `line` is the number of the one given last."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.line = 0

    def __iter__(self) -> Iterator[bytes]:
        for self.line, text in enumerate(self._lines, start=1):  # noqa: B020
            yield text


@contextmanager
def _kept(kept: bool) -> Iterator[None]:
    """Let what happens inside be stored, or do it all and take it back."""
    if kept:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
