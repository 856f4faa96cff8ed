"""Adopt what raters wrote or simulated in a closed study."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from studies.models import Study
from studies.services.adopting import study_adopt
from studies.services.errors import StudyRefused


class Command(BaseCommand):
    help = (
        "Add what raters wrote or simulated in a closed study to the explanations and simulations "
        "by models. Running it again adds only what is new."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the study's slug."""
        parser.add_argument("study", help="the study's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        """Adopt, and print a summary."""
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        try:
            adopted = study_adopt(study=study, at=timezone.now())
        except StudyRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        for line in adopted.lines:
            self.stdout.write(line)
