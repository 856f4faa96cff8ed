"""Write a study's tables into a folder."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from studies.exports import TABLES, installed_forms, pieces
from studies.models import Study


class Command(BaseCommand):
    help = "Write a study's tables as CSV, JSON Lines and Parquet."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the study's slug and the folder."""
        parser.add_argument("study", help="the study's slug")
        parser.add_argument("folder", type=Path, help="made if it does not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write every table in every form."""
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"No study is called {options['study']!r}.")
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            for form in installed_forms():
                path = folder / f"{table}.{form}"
                with path.open("wb") as file:
                    file.writelines(pieces(study, table, form))
                self.stdout.write(str(path))
