"""Write a study's export into a folder or a zip."""

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
    help = "Write a study's tables into a folder, or all about it into a zip."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the study's slug and where to write."""
        parser.add_argument("study", help="the study's slug")
        parser.add_argument(
            "to", type=Path, help="a name that ends in .zip, or a folder, made if it is not there"
        )
        parser.add_argument(
            "--external-ids",
            action="store_true",
            help="with what recruiters call the raters, which leads to persons: keep it closed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write everything into the zip, or every table in every form into the folder."""
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"No study is called {options['study']!r}.")
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
