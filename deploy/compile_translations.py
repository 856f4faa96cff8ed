"""`make messages`: compile the translations, so that no start needs gettext's tools."""

from pathlib import Path

import polib

LOCALE = Path(__file__).resolve().parent.parent / "frontend" / "locale"


def compiled(source: Path) -> bytes:
    """Return the binary catalogue of a `.po` file, which Django reads."""
    return bytes(polib.pofile(str(source)).to_binary())


def main() -> None:
    """Compile each `.po` file next to itself."""
    for source in sorted(LOCALE.rglob("*.po")):
        source.with_suffix(".mo").write_bytes(compiled(source))


if __name__ == "__main__":
    main()
