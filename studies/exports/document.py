"""Describe all tables in docs/exports.md: `python -m studies.exports.document`."""

import os
from pathlib import Path

import django

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "exports.md"
MARK = "<!-- The rest is generated: python -m studies.exports.document -->\n"


def documented(page: str) -> str:
    """Return the page with the description of today's tables."""
    from studies.exports.tables import described

    return f"{page.partition(MARK)[0]}{MARK}\n{described('##')}\n"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "deploy.settings")
    django.setup()
    PAGE.write_text(documented(PAGE.read_text()))
