"""Make neurons with known truth: `manage.py make_ground_truth --kind text --n 200 --seed 7`."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from explanations.corpora.texts import TextError
from explanations.ground_truth.made import FunctionSet, Kind
from explanations.ground_truth.stories import stories
from explanations.management.run_command import RunCommand
from explanations.models import Capture, Run
from explanations.records import NeuronRef
from explanations.selectors.runs import runs_of_capture
from explanations.services.captures import capture_create, capture_load
from explanations.services.ground_truth import (
    GROUND_TRUTH_SOURCE,
    ground_truth_describe,
    ground_truth_make,
)
from explanations.services.imports_scores import Counts
from explanations.services.runs import run_create
from explanations.stores.reader import StoreError

_STORIES = 600


class Command(RunCommand):
    help = "Make functions of texts, numbers or strings as neurons, with true descriptions."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the function_set, and the text that functions of texts are captured over."""
        parser.add_argument("--kind", required=True, choices=[kind.value for kind in Kind])
        parser.add_argument("--n", type=int, default=200, help="how many functions")
        parser.add_argument("--seed", type=int, default=0, help="decides which")
        parser.add_argument(
            "--text", help="for --kind text: file, folder, URL or hf:NAME; without, made stories"
        )
        parser.add_argument("--retry", action="store_true", help="try a failed capture again")

    def handle(self, **options: Any) -> None:
        """Make the functions; a second time adds nothing."""
        try:
            function_set = FunctionSet(
                kind=Kind(options["kind"]), count=options["n"], seed=options["seed"]
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        if function_set.kind is Kind.TEXT:
            counts = self._captured(function_set, options)
        elif options["text"]:
            raise CommandError("--text is for --kind text: other functions make their own inputs")
        else:
            counts = ground_truth_make(function_set=function_set)
        self.stdout.write(
            f"{GROUND_TRUTH_SOURCE}{function_set.name}: {function_set.count} functions; "
            f"{counts.explanations} descriptions are new."
        )

    def _captured(self, function_set: FunctionSet, options: dict[str, Any]) -> Counts:
        """Capture functions of texts in this process, and store their records and descriptions."""
        capture = self._planned(function_set, options["text"] or self._stories(function_set))
        self.created(str(capture), run_create(kind=Run.Kind.CAPTURE, capture=capture))
        runs = runs_of_capture(capture.pk)
        if options["retry"]:
            self.retry(runs)
        self.follow(runs, {"here": True})
        refs = [NeuronRef(layer=0, index=index) for index in range(function_set.count)]
        try:
            capture_load(capture_id=capture.pk, neurons=refs)
        except StoreError as error:
            raise CommandError(str(error)) from error
        return ground_truth_describe(subject=capture.subject, function_set=function_set)

    def _planned(self, function_set: FunctionSet, text: str) -> Capture:
        try:
            source = GROUND_TRUTH_SOURCE + function_set.name
            return capture_create(source=source, text=text, seed=function_set.seed)
        except (TextError, OSError, ValueError) as error:
            raise CommandError(str(error)) from error

    def _stories(self, function_set: FunctionSet) -> str:
        """Write the generated stories of a seed where workers can read them."""
        path = Path(settings.VAR_DIR, "ground-truth", f"stories-{function_set.seed}.jsonl")
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = (
            json.dumps({"id": key, "text": text})
            for key, text in stories(function_set.seed, _STORIES)
        )
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(path)
