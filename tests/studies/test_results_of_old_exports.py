"""Exports of version 0.1 give today the numbers that they gave then.

Each zip in `tests/data/version_0_1/exports` was written by version 0.1 and holds the `results.json`
that it computed. Texts may be reworded and keys renamed; the numbers stay.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from studies.analysis.archive.read import recompute
from tests.conftest import ROOT

EXPORTS = sorted((ROOT / "tests" / "data" / "version_0_1" / "exports").glob("*.zip"))

# What a key of version 0.1 is called today: patterns of dotted paths, applied in this order.
RENAMED = [
    (r"^\.(agreement|agreement_details|ceiling|scorers|primary|drawn)\b", r".details.\1"),
    (r"^\.(methods|sides|scorer_details)\b", r".details.\1"),
    (r"^\.method_details\b", ".details.methods"),
    (r"^\.rater_details\.log_seconds\b", ".log_seconds"),
    (r"^\.(rater_details|alike)\b", ".rater_comparison"),
    (r"^\.choices\b", ".key_figures"),
    (r"\.(leaderboard|board)\.standings\.(\d+)\.ability\b", r".\1.conditions.\2.estimate"),
    (r"\.(leaderboard|board)\.standings\b", r".\1.conditions"),
    (r"\.matched\b", ".means"),
    (r"\.(by_condition|means)\.places\.(\d+)\.mean\b", r".\1.conditions.\2.estimate"),
    (r"\.(by_condition|means)\.places\b", r".\1.conditions"),
    (r"\.leads\b", ".contrasts"),
    (r"\.telling\b", ".scores"),
    (r"\.balanced$|\.balanced(?=\.)", ".balanced_accuracy"),
    (r"\.hits\b", ".sensitivity"),
    (r"\.rejections\b", ".specificity"),
]
# The number of the format of results: it is raised when keys are renamed.
NOT_COMPARED = {".version"}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, float | None]]:
    """Yield every number and every null with its dotted path."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}")
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from leaves(each, f"{path}.{place}")
    elif value is None or isinstance(value, int | float):
        yield path, value


def today(path: str) -> str:
    """Return what a path of version 0.1 is today."""
    for pattern, name in RENAMED:
        path = re.sub(pattern, name, path)
    return path


@pytest.mark.parametrize("export", EXPORTS, ids=lambda path: path.stem)
def test_an_export_of_version_0_1_gives_the_same_numbers(export: Path) -> None:
    with ZipFile(export) as zipped:
        before = dict(leaves(json.loads(zipped.read("results.json"))))
    now = dict(leaves(json.loads(recompute(export).recomputed)))
    numbers = {path: value for path, value in before.items() if path not in NOT_COMPARED}
    assert sum(value is not None for value in numbers.values()) > 50
    missing = [path for path in numbers if today(path) not in now]
    assert missing == []
    differ = {
        path: (value, now[today(path)])
        for path, value in numbers.items()
        if not _equal(value, now[today(path)])
    }
    assert differ == {}


def _equal(before: float | None, now: float | None) -> bool:
    if before is None or now is None:
        return before is now
    return now == pytest.approx(before, rel=1e-12, abs=1e-12)


def test_there_is_an_export_of_every_design_of_version_0_1() -> None:
    assert len(EXPORTS) == 15
