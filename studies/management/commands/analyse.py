"""Compute a study's results now, without a worker."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from studies.models import Study
from studies.services.analyses import analysis_request
from studies.services.errors import StudyRefused
from studies.tasks import analyse


class Command(BaseCommand):
    help = "Compute a study's results now and store them for its results page."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the study's slug."""
        parser.add_argument("study", help="the study's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        """Request an analysis and compute it."""
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        try:
            analysis = analysis_request(study=study, at=timezone.now())
        except StudyRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        if not analyse(analysis.pk):
            raise CommandError("A worker is already computing these results.")
        analysis.refresh_from_db()
        results = analysis.results or {}
        for line in (results["synthetic_notice"], results["headline"], *results["warnings"]):
            if line:
                self.stdout.write(line)
