"""Capture a subject: `manage.py capture all-MiniLM-L6-v2 --text passages.jsonl --wait`."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from explanations.corpora.texts import TextError
from explanations.management.run_command import RunCommand, references
from explanations.models import Capture, Run
from explanations.selectors.runs import runs_of_capture
from explanations.services.captures import capture_create, capture_load
from explanations.services.runs import run_create
from explanations.stores.reader import StoreError


class Command(RunCommand):
    help = "Record what every neuron of a subject does on a text."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subject and its text."""
        parser.add_argument("source", help="hub id, folder, package:NAME; docs/subjects.md")
        parser.add_argument("--text", required=True, help="file, folder, URL or hf:NAME")
        parser.add_argument("--seed", type=int, default=1, help="deals the documents into splits")
        parser.add_argument("--window", type=int, default=64, help="tokens in a record")
        parser.add_argument("--tokens", type=int, help="stop after so many; all is read without")
        parser.add_argument(
            "--shards", type=int, default=1, help="parts that workers share; a worker takes one"
        )
        parser.add_argument("--name", default="", help="what to call the subject")
        parser.add_argument(
            "--neurons",
            nargs="+",
            default=[],
            type=references,
            metavar="LAYER/INDEX",
            help="read these into the database afterwards; needs --wait or --here",
        )
        super().add_arguments(parser)

    def handle(self, **options: Any) -> None:
        """Plan the capture, make its run and follow it."""
        if options["neurons"] and not (options["wait"] or options["here"]):
            raise CommandError("--neurons needs --wait or --here: they are read when it is done")
        capture = self._planned(options)
        self.created(str(capture), run_create(kind=Run.Kind.CAPTURE, capture=capture))
        runs = runs_of_capture(capture.pk)
        if options["retry"]:
            self.retry(runs)
        self.follow(runs, options)
        self._load(capture, options)

    def _planned(self, options: dict[str, Any]) -> Capture:
        try:
            return capture_create(
                source=options["source"],
                text=options["text"],
                seed=options["seed"],
                window=options["window"],
                name=options["name"],
                token_limit=options["tokens"],
                shards=options["shards"],
            )
        except (TextError, OSError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _load(self, capture: Capture, options: dict[str, Any]) -> None:
        refs = [ref for few in options["neurons"] for ref in few]
        if not refs:
            return
        try:
            loaded = capture_load(capture_id=capture.pk, neurons=refs)
        except StoreError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{len(loaded)} neurons with their records are in the database.")
