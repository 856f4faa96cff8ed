"""Run functions imported as code: `manage.py run_functions find/strings --kind string`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from explanations import sandbox
from explanations.ground_truth.made import Kind
from explanations.ground_truth.numeric import numeric_inputs
from explanations.ground_truth.pairs import LONGEST, Pair, Value, number
from explanations.ground_truth.sets import INPUTS
from explanations.ground_truth.strings import string_inputs
from explanations.management.import_options import counted
from explanations.methods.values import Unusable
from explanations.models import Explanation
from explanations.scorers.program import program_of
from explanations.selectors.neurons import subject_named
from explanations.services.ground_truth import function_records_store


class Command(BaseCommand):
    help = "Run code that was imported, locked in, and store its inputs and outputs as records."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the functions and their inputs."""
        parser.add_argument("subject", help="name of a subject whose neurons are functions")
        parser.add_argument("--method", default="find_code", help="whose explanations are the code")
        parser.add_argument(
            "--kind", required=True, choices=[Kind.NUMERIC.value, Kind.STRING.value]
        )
        parser.add_argument("--inputs", type=Path, help="one on each line; without, made ones")
        parser.add_argument("--seed", type=int, default=0, help="makes inputs and deals the splits")

    def handle(self, **options: Any) -> None:
        """Run each function that has no records yet; exit with 1 if any fails."""
        given = self._inputs(options)
        done = faults = 0
        for explanation in self._programs(options):
            try:
                self._run(explanation, given, options)
                done += 1
            except (ValueError, sandbox.Unprotected) as error:
                faults += 1
                self.stderr.write(f"{explanation.neuron}: {error}")
        self.stdout.write(
            f"{counted(done, 'functions')} run on {counted(len(given), 'inputs')}; "
            f"problems: {faults}."
        )
        if faults:
            raise CommandError(f"problems: {faults} (see above)")

    def _programs(self, options: dict[str, Any]) -> list[Explanation]:
        try:
            subject = subject_named(options["subject"])
        except LookupError as error:
            raise CommandError(str(error.args[0])) from error
        found = Explanation.objects.filter(
            neuron__subject=subject, method__name=options["method"], neuron__records=None
        )
        return list(found.select_related("neuron__subject").order_by("neuron"))

    def _inputs(self, options: dict[str, Any]) -> Sequence[Value]:
        if options["inputs"] is None:
            seed = options["seed"]
            numeric = options["kind"] == Kind.NUMERIC
            return numeric_inputs(seed, INPUTS) if numeric else string_inputs(seed, INPUTS)
        try:
            lines = options["inputs"].read_text(encoding="utf-8").splitlines()
            return _read([line for line in lines if line], options["kind"])
        except (OSError, ValueError) as error:
            raise CommandError(f"{options['inputs']}: {error}") from error

    def _run(
        self, explanation: Explanation, given: Sequence[Value], options: dict[str, Any]
    ) -> None:
        """Store a function's outputs; print the inputs on which it fails."""
        ran = sandbox.run(program_of(explanation.text), given)
        if isinstance(ran, Unusable):
            raise ValueError(ran.reason)
        kind = str if options["kind"] == Kind.STRING else float
        found = [_pair(x, outcome, kind) for x, outcome in zip(given, ran.outcomes, strict=True)]
        pairs = [each for each in found if isinstance(each, Pair)]
        failed = [each.reason for each in found if isinstance(each, Unusable)]
        if not pairs:
            raise ValueError(f"no output: {failed[0]}")
        if failed:
            self.stdout.write(f"{explanation.neuron}: {len(failed)} without output: {failed[0]}")
        function_records_store(neuron=explanation.neuron, pairs=pairs, seed=options["seed"])


def _read(lines: Sequence[str], kind: Kind) -> list[Value]:
    """Read the distinct inputs; `ValueError` names an invalid line."""
    if not lines or len(set(lines)) < len(lines):
        raise ValueError("holds an input twice" if lines else "holds no inputs")
    read: list[Value] = []
    for place, line in enumerate(lines, 1):
        value = number(line) if kind == Kind.NUMERIC else line
        if value is None or len(line) > LONGEST:
            raise ValueError(f"line {place}: expected a {kind} input")
        read.append(value)
    return read


def _pair(
    given: Value, outcome: sandbox.Returned | Unusable, kind: type[str] | type[float]
) -> Pair | Unusable:
    if isinstance(outcome, Unusable):
        return outcome
    value = outcome.value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind):
        return Unusable(reason=f"it gave a {type(value).__name__}")
    if isinstance(value, float) and number(str(value)) is None:
        return Unusable(reason=f"it gave {value}")
    return Pair(given=given, output=value)
