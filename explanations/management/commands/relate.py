"""Find each neuron's nearest others: `manage.py relate --subject gpt2-xl`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from explanations import selectors
from explanations.captured import StoreError
from explanations.models import Capture
from explanations.storage import fetch, publish
from explanations.tasks.subjects import loaded


class Command(BaseCommand):
    help = "Write how the neurons of a finished capture relate. A capture does it if it is quick."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subject."""
        parser.add_argument("--subject", help="name of a subject; needed where there are several")

    def handle(self, **options: Any) -> None:
        """Load the subject, relate its neurons, and put the result into its newest capture."""
        from explanations.subjects import SubjectError
        from explanations.subjects.relations import relate

        try:
            subject = selectors.subject_named(options["subject"])
            capture = Capture.objects.select_related("subject").filter(
                pk=selectors.latest_capture(subject)
            )
            for each in capture:
                folder = fetch(each.directory, cache=Path(settings.CAPTURE_CACHE))
                relate(loaded(each.subject.source, each.subject.revision), folder)
                publish(folder, each.directory)
        except (LookupError, StoreError, SubjectError) as error:
            raise CommandError(str(error)) from error
        if not capture:
            raise CommandError("the subject has no finished capture")
        self.stdout.write(f"{capture[0]}: its neurons are related.")
