"""List runs with their progress: `manage.py runs [RUN] [--limit N]`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from explanations import selectors
from explanations.models import Run


class Command(BaseCommand):
    help = "List the newest runs with their progress, or one run with its failures."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the choice of runs."""
        parser.add_argument("run", nargs="?", type=int)
        parser.add_argument("--limit", type=int, default=20)

    def handle(self, **options: Any) -> None:
        """Print a line a run."""
        if options["run"]:
            self._one(options["run"])
            return
        runs = selectors.runs_progress(limit=options["limit"])
        for progress in runs:
            state = "finished" if progress.finished else f"{progress.working} in work"
            self.stdout.write(f"{progress.line}, {state}")
        if not runs:
            self.stdout.write("There are no runs yet.")

    def _one(self, run: int) -> None:
        try:
            self.stdout.write(selectors.run_progress(run).line)
        except Run.DoesNotExist as error:
            raise CommandError(str(error)) from error
        for failure in selectors.run_failures(run):
            self.stdout.write(f"  {failure.about}: {failure.reason}")
