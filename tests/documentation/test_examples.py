"""Every Python and shell example in the documentation runs."""

import contextlib
import io
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from explanations.prices import Prices
from tests.conftest import ROOT
from tests.documentation.examples import PAGES, PYTHON, SHELL, commands, examples
from tests.documentation.material import MATERIAL, Material

pytestmark = pytest.mark.usefixtures("sqlite_file")

NOT_RUN = {
    "git clone": "needs the network",
    "make setup": "installs packages from the network",
    "make demo": "serves until it is stopped: tests/deploy starts the same processes",
    "make": "runs these tests",
    "pre-commit install": "changes the hooks of the clone",
    "python -m deploy.": "serves until it is stopped: tests/deploy and tests/services start it",
    "python manage.py createsuperuser": "asks on the terminal for a name and a password",
}
"""Why commands that begin like this are not run."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Path:
    """Work in an empty folder, with prices for the model that examples name."""
    monkeypatch.chdir(tmp_path)
    settings.PRICES = Prices.read({"gpt-4o-mini": {"in": 0.15, "out": 0.6}})
    settings.CAPTURE_DIR = tmp_path / "captures"
    settings.IMAGE_DIR = tmp_path / "images"
    return tmp_path


def pages_of(language: str) -> list[str]:
    return [page for page in PAGES if any(each.language == language for each in examples(page))]


@pytest.fixture
def live_server(sqlite_file: Path) -> Iterator[LiveServer]:
    """Serve the API from the test's own database."""
    server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.mark.parametrize("page", sorted({*pages_of(PYTHON), *pages_of(SHELL)}))
def test_the_examples_of_a_page_run_in_order(
    page: str, here: Path, request: pytest.FixtureRequest
) -> None:
    material = MATERIAL[page](here) if page in MATERIAL else Material()
    names: dict[str, Any] = {**material.names}
    for example in examples(page):
        text = example.text
        for name, stand_in in material.stand_ins.items():
            text = text.replace(name, stand_in)
        if example.language == PYTHON:
            exec(compile(text, f"{page}, line {example.line}", "exec"), names)  # noqa: S102
        elif example.language == SHELL:
            for command in commands(text):
                run(command.replace(".venv/bin/", ""), request)


def run(command: str, request: pytest.FixtureRequest) -> None:
    """Run a command of an example: those of Django here, with the test's database."""
    words = shlex.split(command)
    if words[0] == "python" and words[1] == "manage.py":
        del words[0]
    if any(command.startswith(start) for start in NOT_RUN):
        return
    if words[0] == "manage.py":
        with contextlib.redirect_stdout(io.StringIO()):
            call_command(*words[1:])
    elif words[0] == "curl":
        in_shell(at(command, request), None)
    else:
        in_shell(command.replace("python ", f"{sys.executable} "), ROOT)


def in_shell(command: str, packages: Path | None) -> None:
    """Run a line of shell, and fail with what it wrote."""
    more = {"PYTHONPATH": str(packages)} if packages else {}
    done = subprocess.run(
        ["/bin/bash", "-c", command],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | more,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def at(command: str, request: pytest.FixtureRequest) -> str:
    """Return a call of the API to a site that is served here."""
    server = request.getfixturevalue("live_server")
    User.objects.create_superuser("boss", password="open-sesame-9")  # noqa: S106
    called = command.replace("https://HOST", server.url).replace("USER", "boss:open-sesame-9")
    return called.replace("curl ", "curl --silent --show-error --fail-with-body ")


def test_each_reason_not_to_run_a_command_is_used() -> None:
    every = [
        command.replace(".venv/bin/", "")
        for page in pages_of(SHELL)
        for example in examples(page)
        if example.language == SHELL
        for command in commands(example.text)
    ]
    assert len(every) > 30
    unused = [start for start in NOT_RUN if not any(each.startswith(start) for each in every)]
    assert unused == []


def test_no_material_is_made_for_a_page_without_examples() -> None:
    assert set(MATERIAL) <= {*pages_of(PYTHON), *pages_of(SHELL)}
