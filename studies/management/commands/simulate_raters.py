"""Synthetic judgments, for trying out a study."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from studies.analysis.protocols.synthetic import Behaviour
from studies.analysis.report.wording import counted
from studies.models import Study
from studies.services.errors import StudyRefused
from studies.services.simulation import raters_simulate


class Command(BaseCommand):
    help = (
        "Let synthetic raters answer an open study. Their judgments are marked as synthetic "
        "everywhere."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the raters' number and behaviour."""
        parser.add_argument("study", help="the study's slug")
        parser.add_argument("--raters", type=int, default=12)
        parser.add_argument(
            "--accuracy", type=float, default=0.75, help="how often the higher score is preferred"
        )
        parser.add_argument(
            "--side-bias",
            type=float,
            default=0.0,
            help="added to the chance of the left option",
        )
        parser.add_argument("--tie-rate", type=float, default=0.0)
        parser.add_argument("--scorer", default="", help="default: the first on the results page")
        parser.add_argument("--seed", type=int, default=1)

    def handle(self, *args: Any, **options: Any) -> None:
        """Simulate, and print a summary."""
        study = Study.objects.select_related("batch").filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}.")
        try:
            done = raters_simulate(
                study=study,
                raters=options["raters"],
                behaviour=Behaviour(
                    accuracy=options["accuracy"],
                    side_bias=options["side_bias"],
                    tie_rate=options["tie_rate"],
                ),
                seed=options["seed"],
                at=timezone.now(),
                scorer=options["scorer"],
            )
        except (StudyRefused, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{counted(done.judgments, 'synthetic judgment')} by {counted(done.raters, 'rater')}, "
            f"based on {done.scorer}"
        )
