"""The examples in a page of the documentation, taken out of its Markdown."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGES = sorted(
    str(path.relative_to(ROOT))
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if path.name != "CHANGELOG.md"
)
PYTHON, SHELL, JSON = "python", "shell", "json"
LANGUAGES = {"python": PYTHON, "console": SHELL, "sh": SHELL, "bash": SHELL, "json": JSON}
COMMAND = re.compile(r"(\$ )?(python|pip|make|curl|git|export|(\S+/)?manage\.py|\S+/python)\b")
CODE = re.compile(r"(from [\w.]+ import|import \w|[\w.]+ = |[\w.]+\()")


@dataclass(frozen=True, slots=True)
class Example:
    """A block of a page, the line that it begins on, and what it is written in."""

    line: int
    language: str
    text: str


def examples(page: str) -> Iterator[Example]:
    """Yield the blocks of Python, shell and JSON, fenced or indented, in order."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        if (fence := re.match(r"\s*```(\w*)", lines[at])) is not None:
            end = next(n for n in range(at + 1, len(lines)) if lines[n].strip() == "```")
            text = textwrap.dedent("\n".join(lines[at + 1 : end]))
            language = LANGUAGES.get(fence[1])
            at = end
        elif lines[at].startswith("    ") and (at == 0 or not lines[at - 1].strip()):
            end = next((n for n in range(at, len(lines)) if not _indented(lines, n)), len(lines))
            text = textwrap.dedent("\n".join(lines[at:end]))
            language = SHELL if COMMAND.match(text) else PYTHON if CODE.match(text) else None
            at = end - 1
        else:
            language, text = None, ""
        if language:
            yield Example(line=at + 1, language=language, text=text)
        at += 1


def _indented(lines: list[str], n: int) -> bool:
    return lines[n].startswith("    ") or (
        not lines[n] and n + 1 < len(lines) and lines[n + 1].startswith("    ")
    )


def commands(text: str) -> list[str]:
    """Return the commands of a block, each on one line and without its comment."""
    joined = re.sub(r"\\\n\s*", "", text)
    found: list[str] = []
    for line in joined.splitlines():
        if found and found[-1].count("'") % 2:
            found[-1] += line.strip()
        elif line.strip():
            found.append(re.sub(r"\s+# .*", "", line.strip()).removeprefix("$ "))
    return found


def read(page: str) -> str:
    """Return the text of a page."""
    return Path(ROOT, page).read_text(encoding="utf-8")
