"""`manage.py run_functions` runs imported code in the sandbox, and only where it is asked to."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from explanations.ground_truth.pairs import Pair, pair_of
from explanations.models import Neuron, Record
from explanations.records import Split
from tests import factories

pytestmark = pytest.mark.django_db


def coded(*programs: str) -> list[Neuron]:
    """Make functions that came as code, without records."""
    subject = factories.subject(name="find/strings", layers=1, width=len(programs))
    method = factories.method("explainer", "find_code")
    neurons = []
    for index, program in enumerate(programs):
        neuron = factories.neuron(subject=subject, layer=0, index=index, maximum=0)
        factories.explanation(neuron, program, method=method, author_kind="control")
        neurons.append(neuron)
    return neurons


def run(kind: str = "string", **options: Any) -> str:
    out = StringIO()
    call_command("run_functions", "find/strings", kind=kind, stdout=out, stderr=out, **options)
    return out.getvalue()


def pairs(neuron: Neuron) -> list[Pair | None]:
    return [pair_of(record.excerpt) for record in neuron.records.order_by("pk")]


def test_what_code_gives_becomes_records_of_all_splits() -> None:
    (neuron,) = coded("import sys\ndef function(string):\n    return string + 'vmB'")
    assert "1 function run on 400 inputs; problems: 0" in run()
    found = pairs(neuron)
    assert len(found) == 36 + 16 + 36
    assert all(pair is not None and pair.output == f"{pair.given}vmB" for pair in found)
    splits = set(Record.objects.values_list("document__split", flat=True))
    assert splits == set(Split)
    neuron.refresh_from_db()
    assert neuron.maximum == 1
    assert Neuron.objects.get(pk=neuron.pk).subject.is_functions


def test_numbers_are_given_from_a_file(tmp_path: Path) -> None:
    (neuron,) = coded("def f(x):\n    return 3 * int(x)")
    inputs = tmp_path / "inputs.txt"
    inputs.write_text("\n".join(str(each) for each in range(30)) + "\n")
    assert "run on 30 inputs" in run("numeric", inputs=inputs)
    found = {pair.given: pair.output for pair in pairs(neuron) if pair}
    assert found == {float(each): 3.0 * each for each in range(30)}
    neuron.refresh_from_db()
    assert neuron.maximum == 87


def test_code_that_fails_is_told_and_the_others_are_stored() -> None:
    bad, half, good = coded(
        "import torch\ndef function(x):\n    return x",
        "def function(x):\n    return x if ' ' in x else None",
        "def function(x):\n    return x[::-1]",
    )
    out = StringIO()
    with pytest.raises(CommandError, match="problems: 1"):
        call_command("run_functions", "find/strings", kind="string", stdout=out, stderr=out)
    said = out.getvalue()
    assert "find/strings L0/0: ImportError" in said
    assert "find/strings L0/1: " in said
    assert "without output: it gave a NoneType" in said
    assert [bad.records.count(), half.records.count() > 20, good.records.count()] == [0, True, 88]


def test_a_function_that_has_records_is_not_run_again() -> None:
    coded("def f(x):\n    return x")
    run()
    before = Record.objects.count()
    assert "0 functions run" in run()
    assert Record.objects.count() == before


@pytest.mark.parametrize(
    ("lines", "says"),
    [("a\na\n", "an input twice"), ("\n", "no inputs"), ("1\ntwo\n", "line 2: expected a numeric")],
)
def test_inputs_that_are_none_are_named(tmp_path: Path, lines: str, says: str) -> None:
    coded("def f(x):\n    return x")
    inputs = tmp_path / "inputs.txt"
    inputs.write_text(lines)
    with pytest.raises(CommandError, match=says):
        run("numeric", inputs=inputs)
    with pytest.raises(CommandError, match="No such file"):
        run("numeric", inputs=tmp_path / "absent.txt")


def test_a_subject_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match="no subject is called 'find/strings'"):
        run()
