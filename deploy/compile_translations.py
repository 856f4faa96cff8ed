"""`make messages`: compile the translations, so that no start needs gettext's tools."""

from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "frontend" / "locale"


def compiled(source: Path) -> bytes:
    """Return the catalogue that Django reads, from the one that people write."""
    return bytes(polib.pofile(str(source)).to_binary())


def main() -> None:
    """Compile each `.po` beside itself."""
    for source in sorted(LOCALE.rglob("*.po")):
        source.with_suffix(".mo").write_bytes(compiled(source))


if __name__ == "__main__":
    main()
