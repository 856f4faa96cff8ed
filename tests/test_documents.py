"""What the documents name exists."""

import re

import pytest

from tests.conftest import ROOT

FOR_DEVELOPERS = ["docs/architecture.md", "CONTRIBUTING.md"]
# A path in backticks: a folder of ours, then names. `<name>` stands for a name of the reader's own.
_PATH = re.compile(r"`((?:annotation|explanations|studies|frontend|deploy|tests|docs)/[\w./-]*)`")
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def _documents() -> list[str]:
    found = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("tests/**/*.md")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


@pytest.mark.parametrize("document", FOR_DEVELOPERS)
def test_every_path_that_a_guide_names_exists(document: str) -> None:
    named = _PATH.findall((ROOT / document).read_text(encoding="utf-8"))
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", _documents())
def test_every_link_of_a_document_leads_to_a_file(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    folder = (ROOT / document).parent
    assert [link for link in _LINK.findall(text) if not (folder / link).exists()] == []


def test_every_target_of_the_makefile_is_in_its_help() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert targets is not None
    # `make help` prints what follows `##`.
    explained = re.findall(r"^([a-z]+):.*## \w", text, re.MULTILINE)
    assert sorted(targets[1].split()) == sorted(explained)
