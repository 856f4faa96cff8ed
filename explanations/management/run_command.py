"""Base of the commands that make runs: choose targets, work on them, show progress."""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from explanations.models import Method, Run
from explanations.records import NeuronRef
from explanations.selectors.labels import method_title
from explanations.selectors.neurons import neuron_refs
from explanations.selectors.runs import (
    run_progress,
    run_reasons,
    run_undefined,
    runs_unfinished_of,
    runs_with_failures,
)
from explanations.services.budgets import RunRefused, budget_check
from explanations.services.methods import method_builtin, method_defaults
from explanations.services.runs import RunCreated, run_retry_failures
from explanations.services.start_run import METHOD_KINDS, neurons_chosen, run_over
from explanations.tasks import work_on_chunk
from explanations.tasks.stopping import stopping

_POLL_SECONDS = 0.2
_PLAIN_SECONDS = 5.0
_PATIENCE_SECONDS = 15.0


class RunCommand(BaseCommand):
    """A command that makes runs and may follow them to their end."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the ways to follow a run."""
        parser.add_argument("--wait", action="store_true", help="show progress while workers work")
        parser.add_argument("--here", action="store_true", help="do the work in this process")
        parser.add_argument(
            "--retry", action="store_true", help="retry what failed in earlier runs"
        )

    def follow(self, runs: Sequence[int], options: dict[str, Any]) -> None:
        """Work on runs or wait for them, and print each one's reasons of failures."""
        for run in runs:
            if options["here"]:
                with self._worked_on_here(run):
                    self._watch(run)
            elif options["wait"]:
                self._watch(run, patience=_PATIENCE_SECONDS)
        if runs and not (options["here"] or options["wait"]):
            self.stdout.write("Queued for a worker; `manage.py runs` shows its progress.")

    def created(self, what: str, created: RunCreated) -> None:
        """Print the number of targets of a new run."""
        self.stdout.write(
            f"{what}: {created.added} to do, {created.already} already done or in progress."
        )

    def retry(self, runs: Sequence[int]) -> None:
        """Reopen the failed targets of these runs."""
        for run in runs:
            count = run_retry_failures(run_id=run)
            self.stdout.write(f"run {run}: retrying {count} failed.")

    @contextmanager
    def _worked_on_here(self, run: int) -> Iterator[None]:
        errors: list[BaseException] = []
        thread = threading.Thread(target=_work, args=(run, errors), daemon=True)
        with _told_to_end():
            thread.start()
            try:
                yield
            finally:
                stopping.set()
                thread.join()
                stopping.clear()
        if errors:
            raise errors[0]

    def _watch(self, run: int, patience: float = 0.0) -> None:
        """Show progress until a run is finished or halted."""
        shown, line, began, terminal = 0.0, "", time.monotonic(), self.stdout.isatty()
        while True:
            progress = run_progress(run)
            now = time.monotonic()
            if progress.finished or (progress.halted and not progress.working):
                break
            if terminal:
                self.stdout.write(f"\r\033[K{progress.line}", ending="")
                self.stdout.flush()
            elif now - shown >= _PLAIN_SECONDS and progress.line != line:
                self.stdout.write(progress.line)
                shown, line = now, progress.line
            if patience and now - began > patience and not progress.started:
                self.stderr.write("No worker has started it: start a worker, or use --here.")
                patience = 0.0
            time.sleep(_POLL_SECONDS)
        self.stdout.write(f"\r\033[K{progress.line}" if terminal else progress.line)
        for reason, count in run_reasons(run).items():
            self.stdout.write(f"  {count} failed: {reason}")
        for reason, count in run_undefined(run).items():
            self.stdout.write(f"  {count} undefined: {reason}")
        if progress.halted:
            self.stderr.write(
                f"Run {run} is halted: {progress.halted}.\n"
                f"Resume it with `manage.py runs --resume {run} --budget DOLLARS`."
            )


def _work(run: int, errors: list[BaseException]) -> None:
    try:
        while not stopping.is_set():
            progress = run_progress(run)
            if progress.finished or progress.halted:
                return
            if work_on_chunk(run) == 0:
                # Another worker holds the rest.
                stopping.wait(_POLL_SECONDS)
    except BaseException as error:  # noqa: BLE001 - raised again in the main thread
        errors.append(error)
        signal.raise_signal(signal.SIGINT)
    finally:
        connection.close()


@contextmanager
def _told_to_end() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C, so that leased targets are released."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Stored results are kept; run the same command to continue.\n")
        raise SystemExit(130) from None
    finally:
        signal.signal(signal.SIGTERM, before)


class MethodCommand(RunCommand):
    """A command that runs methods of one kind over neurons, explanations or simulations."""

    kind: Run.Kind

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the method, its settings and the choice of neurons."""
        kind = METHOD_KINDS[self.kind]
        parser.add_argument(f"--{kind}", dest="methods", nargs="+", required=True)
        parser.add_argument(
            "--set",
            dest="config",
            nargs="*",
            default=[],
            type=setting,
            metavar="NAME=VALUE",
            help="settings that differ from the method's own; values are JSON or plain text",
        )
        parser.add_argument(
            "--model", help="the language model to ask, of the methods that ask one"
        )
        parser.add_argument(
            "--budget", type=float, metavar="DOLLARS", help="what the calls of a run may cost"
        )
        add_choice(parser)
        super().add_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Make and follow a run for each method; a method may use the results of an earlier one."""
        methods = self._methods(options)
        subject, neurons = chosen(options)
        for method in methods:
            created = run_over(
                kind=self.kind,
                method=method,
                subject=subject,
                neurons=neurons,
                budget=options["budget"],
            )
            self.created(method_title(method), created)
            if options["retry"]:
                self.retry(runs_with_failures(method.pk))
            self.follow(runs_unfinished_of(method=method.pk), options)

    def _methods(self, options: dict[str, Any]) -> list[Method]:
        """Return the methods after checking the budget for each."""
        kind, config = METHOD_KINDS[self.kind], dict(options["config"])
        try:
            asking = {
                name: "model" in method_defaults(kind=kind, name=name)
                for name in options["methods"]
            }
            if options["model"] and not any(asking.values()):
                raise CommandError("--model: no method here asks a language model")
            model = {"model": options["model"]} if options["model"] else {}
            methods = [
                method_builtin(kind=kind, name=name, config={**config, **(model if asks else {})})
                for name, asks in asking.items()
            ]
            for method in methods:
                budget_check(budget=options["budget"], method=method)
        except LookupError as error:
            raise CommandError(str(error.args[0])) from error
        except RunRefused as refusal:
            raise CommandError(f"--{refusal.field}: {refusal}") from refusal
        return methods


def add_choice(parser: CommandParser) -> None:
    """Add the choice of neurons."""
    parser.add_argument("--subject", help="name of a subject; needed where there are several")
    parser.add_argument(
        "--neurons",
        nargs="+",
        type=references,
        metavar="LAYER/INDEX",
        help="3/120 or 3/0-99; those not in the database yet are read from the subject's capture",
    )


def chosen(options: dict[str, Any]) -> tuple[int | None, list[int] | None]:
    """Return the subject and the neurons that were asked for, None where all are meant."""
    refs = [ref for few in options["neurons"] or () for ref in few]
    try:
        return neurons_chosen(subject=options["subject"], refs=refs or None)
    except RunRefused as refusal:
        raise CommandError(str(refusal)) from refusal


def references(text: str) -> list[NeuronRef]:
    """Parse neurons as an argument, so that argparse shows the reason for an error."""
    try:
        return neuron_refs(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def setting(text: str) -> tuple[str, Any]:
    """Parse NAME=VALUE; a value that is not JSON is a string."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
