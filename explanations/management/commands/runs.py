"""List, resume and retry runs: `manage.py runs [RUN] [--resume RUN --budget X] [--retry RUN]`."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from explanations.models import Run
from explanations.selectors.calls import call_totals
from explanations.selectors.runs import run_failures, run_progress, runs_progress
from explanations.services.budgets import RunRefused
from explanations.services.runs import run_resume, run_retry_failures


class Command(BaseCommand):
    help = (
        "List the newest runs with their progress, or one with its failures; resume or retry one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the choice of runs and the actions on one."""
        parser.add_argument("run", nargs="?", type=int)
        parser.add_argument("--limit", type=int, default=20)
        parser.add_argument(
            "--resume", type=int, metavar="RUN", help="resume a halted run with a new budget"
        )
        parser.add_argument(
            "--budget",
            type=float,
            metavar="DOLLARS",
            help="for --resume; no limit if omitted",
        )
        parser.add_argument("--retry", type=int, metavar="RUN", help="retry what failed in a run")

    def handle(self, **options: Any) -> None:
        """Resume or retry a run, or print one line per run."""
        if options["budget"] is not None and options["resume"] is None:
            raise CommandError("--budget goes with --resume RUN")
        try:
            for name in ("resume", "retry"):
                if options[name] is not None:
                    getattr(self, f"_{name}")(options)
            if options["resume"] is None and options["retry"] is None:
                self._show(options)
        except RunRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except Run.DoesNotExist as error:
            raise CommandError(str(error)) from error

    def _resume(self, options: dict[str, Any]) -> None:
        run_resume(run_id=options["resume"], budget=options["budget"])
        self._one(options["resume"])

    def _retry(self, options: dict[str, Any]) -> None:
        run = run_progress(options["retry"]).run
        count = run_retry_failures(run_id=run)
        self.stdout.write(f"run {run}: retrying {count} failed.")

    def _show(self, options: dict[str, Any]) -> None:
        if options["run"]:
            self._one(options["run"])
            return
        runs = runs_progress(limit=options["limit"])
        for progress in runs:
            self.stdout.write(f"{progress.line}, {progress.state}")
        if not runs:
            self.stdout.write("There are no runs yet.")

    def _one(self, run: int) -> None:
        progress = run_progress(run)
        self.stdout.write(f"{progress.line}, {progress.state}")
        calls = call_totals(run)
        if calls.calls:
            self.stdout.write(f"  {calls.line}")
        for failure in run_failures(run):
            self.stdout.write(f"  {failure.about}: {failure.reason}")
