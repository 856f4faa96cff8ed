"""Write a study's export to a folder or a zip."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from studies.exports.archive import archive
from studies.exports.formats import installed_formats
from studies.exports.results import snapshot
from studies.exports.tables import TABLES, pieces
from studies.models import Study


class Command(BaseCommand):
    help = "Write a study's tables to a folder, or its complete export to a zip."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the arguments."""
        parser.add_argument("study", help="the study's slug")
        parser.add_argument(
            "to", type=Path, help="a path ending in .zip, or a folder (created if missing)"
        )
        parser.add_argument(
            "--external-ids",
            action="store_true",
            help="include recruiter (Prolific) IDs: personal data, keep it confidential",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write everything to the zip, or every table in every format to the folder."""
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        to: Path = options["to"]
        identified: bool = options["external_ids"]
        if to.suffix == ".zip":
            to.parent.mkdir(parents=True, exist_ok=True)
            self._write(to, archive(study, identified=identified))
            return
        to.mkdir(parents=True, exist_ok=True)
        with snapshot():
            for table in TABLES:
                for format in installed_formats():
                    content = pieces(study, table, format, identified=identified)
                    self._write(to / f"{table}.{format}", content)

    def _write(self, path: Path, content: Iterator[bytes]) -> None:
        with path.open("wb") as file:
            file.writelines(content)
        self.stdout.write(str(path))
