"""A protocol, a scorer and a preset are added by the recipes of CONTRIBUTING.md alone.

The parts are in folders next to this file, laid out as in the project. A copy of the project gets
them and the lines that register them, in the files that the recipe names and in no other. Then its
checks run.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

HERE = Path(__file__).parent
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "var", ".*_cache", "__pycache__", "*.egg-info", "pictures"
)

END = ""
# What is written into files that are there: by recipe and file, what it follows, and the new text.
LINES = {
    "A protocol": {
        "annotation/protocols/__init__.py": [
            (
                "from annotation.protocols.simulate import SIMULATE\n",
                "from annotation.protocols.verdict import VERDICT\n",
            ),
            ("SIMULATE, WRITE", ", VERDICT"),
        ],
        "studies/analysis/protocols/registry.py": [
            ("import choose, compare, mark, rank, rate, simulate, write", ", verdict"),
            ("for each in (compare, rate, rank, choose, mark, simulate, write", ", verdict"),
        ],
        "frontend/locale/de/LC_MESSAGES/django.po": [
            (
                END,
                '\nmsgid "Say whether it fits."\nmsgstr "Sagen Sie, ob es passt."\n'
                '\nmsgid "It fits, or it does not"\nmsgstr "Es passt, oder es passt nicht"\n'
                '\nmsgid "Does it fit?"\nmsgstr "Passt es?"\n'
                '\nmsgid "Yes"\nmsgstr "Ja"\n\nmsgid "No"\nmsgstr "Nein"\n',
            ),
        ],
        "tests/annotation/factories.py": [
            (
                "_PARTS: dict[str, Callable[[int], dict[str, Any]]] = {\n",
                '    "verdict": lambda n: {"excerpts": _SHOWN, "explanation": TEXTS[n]},\n',
            ),
        ],
        "tests/annotation/examples.py": [
            (
                "EXAMPLES: dict[str, Example] = {\n",
                '    "verdict": Example(\n'
                '        answer=lambda _payload: {"fits": True},\n'
                '        form=lambda _keys: {"fits": "yes"},\n'
                '        other=lambda _keys: {"fits": "no"},\n'
                "        wrong=lambda _keys: {},\n"
                "    ),\n",
            ),
        ],
        "tests/studies/test_forms_little.py": [
            (
                "EXAMPLES: dict[str, StudyTables] = {\n",
                '    "verdict": tables("verdict", []),\n',
            ),
        ],
    },
    "A preset": {
        "studies/presets/__init__.py": [
            ("    pairwise,\n", "    quick_verdict,\n"),
            ("        pairwise.PRESET,\n", "        quick_verdict.PRESET,\n"),
        ],
        "docs/designing-a-study.md": [
            (
                "write what the excerpts have in common | nothing else |\n",
                "| Quick verdict | say whether one explanation fits | one condition |\n",
            ),
        ],
    },
    "A scorer": {
        "explanations/scorers/__init__.py": [
            ("    ablation,\n", "    brevity,\n"),
            ("        program.SCORER,\n", "        brevity.SCORER,\n"),
        ],
        "docs/explaining.md": [(END, "\n`brevity` scores short explanations high.\n")],
    },
}

FOLDERS = {"A protocol": "protocol", "A preset": "preset", "A scorer": "scorer"}
NAMES = {"A protocol": "verdict", "A preset": "quick_verdict", "A scorer": "brevity"}


def named(recipe: str) -> set[str]:
    """Return the files that a recipe of CONTRIBUTING.md names, for the part added here."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (section,) = re.findall(rf"^### {recipe}\b.*?(?=^##)", text, re.MULTILINE | re.DOTALL)
    paths = re.findall(r"`([\w<>./-]+\.(?:py|html|po|md))`", section)
    return {path.replace("<name>", NAMES[recipe]) for path in paths}


def added(recipe: str) -> dict[str, str]:
    """Return the new files of a part by their path in the project."""
    folder = HERE / FOLDERS[recipe]
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in files}


@pytest.mark.parametrize("recipe", LINES)
def test_a_part_touches_only_what_its_recipe_names(recipe: str) -> None:
    assert {*LINES[recipe], *added(recipe)} <= named(recipe)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the project to which all parts were added."""
    project = tmp_path_factory.mktemp("recipes") / "project"
    shutil.copytree(ROOT, project, ignore=LEFT_OUT)
    for recipe, lines in LINES.items():
        for path, text in added(recipe).items():
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text, encoding="utf-8")
        for path, changes in lines.items():
            _change(project / path, changes)
    assert run(project, "-m", "deploy.compile_translations").returncode == 0
    return project


def _change(file: Path, changes: list[tuple[str, str]]) -> None:
    text = file.read_text(encoding="utf-8")
    for after, new in changes:
        if after == END:
            text += new
        else:
            assert text.count(after) == 1, (file, after)
            text = text.replace(after, after + new)
    file.write_text(text, encoding="utf-8")


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy, and only on the copy's code."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env={**os.environ, "CONCORDANCE_VAR_DIR": str(project / "var"), "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
    )


def test_the_layers_and_the_database_stay_as_they_are(copy: Path) -> None:
    contracts = run(copy, "-c", "from importlinter.cli import lint_imports_command as c; c()")
    assert contracts.returncode == 0, contracts.stdout
    migrations = run(copy, "manage.py", "makemigrations", "--check", "--dry-run")
    assert migrations.returncode == 0, migrations.stdout + migrations.stderr


def test_raters_are_asked_and_the_study_is_analysed(copy: Path) -> None:
    files = [
        "tests/annotation/test_verdict.py",
        "tests/annotation/test_asks.py",
        "tests/annotation/test_protocol_pages.py",
        "tests/annotation/test_languages.py",
        "tests/explanations/test_brevity.py",
        "tests/studies/test_forms_little.py",
        "tests/studies/test_presets.py",
        "tests/studies/test_preset_leaks.py",
        "tests/studies/test_simulate_others.py",
    ]
    tests = run(
        copy, "-m", "pytest", "-q", "-k", "verdict or brevity", "-p", "no:cacheprovider", *files
    )
    assert tests.returncode == 0, tests.stdout[-4000:]
    passed = re.search(r"(\d+) passed", tests.stdout)
    assert passed is not None
    assert int(passed[1]) >= 15
