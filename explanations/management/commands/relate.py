"""Find each neuron's nearest others: `manage.py relate --subject gpt2-xl`."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from explanations.models import Capture
from explanations.selectors.neurons import latest_capture, subject_named
from explanations.stores.reader import StoreError
from explanations.stores.remote import fetch, publish
from explanations.tasks.subjects import loaded


class Command(BaseCommand):
    help = "Compute the related neurons of a finished capture (done by a capture if it is quick)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subject."""
        parser.add_argument("--subject", help="name of the subject; required if there are several")

    def handle(self, **options: Any) -> None:
        """Load the subject, relate its neurons, and put the result into its newest capture."""
        from explanations.relations.relatives import relate
        from explanations.subjects import SubjectError

        try:
            capture = self._capture(options["subject"])
            folder = fetch(capture.directory, cache=Path(settings.CAPTURE_CACHE))
            relate(loaded(capture.subject.source, capture.subject.revision), folder)
            publish(folder, capture.directory)
        except (LookupError, StoreError, SubjectError) as error:
            raise CommandError(str(error.args[0])) from error
        self.stdout.write(f"{capture}: related neurons computed.")

    def _capture(self, name: str | None) -> Capture:
        """Return a subject's newest finished capture; raises `LookupError`."""
        key = latest_capture(subject_named(name))
        if key is None:
            raise LookupError("the subject has no finished capture: make one first")
        return Capture.objects.select_related("subject").get(pk=key)
