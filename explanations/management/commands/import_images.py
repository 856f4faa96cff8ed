"""Import images with neurons' activations on them: `manage.py import_images ZIP --subject NAME`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from explanations.formats.lines import FormatError
from explanations.management.import_options import counted
from explanations.services.images import ImagesRefused, images_import


class Command(BaseCommand):
    help = "Import a zip of images with a manifest (docs/images.md): all of it or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the zip and the subject."""
        parser.add_argument("zip", type=Path, help="a zip with a manifest.jsonl or manifest.csv")
        parser.add_argument(
            "--subject", required=True, help="name of the model; created if it does not exist"
        )

    def handle(self, **options: Any) -> None:
        """Import the zip, or print every problem and exit with 1."""
        try:
            counts = images_import(path=options["zip"], subject=options["subject"])
        except ImagesRefused as refused:
            for fault in refused.faults:
                self.stderr.write(str(fault))
            said = f"Nothing was imported; problems: {len(refused.faults)} (see above)"
            raise CommandError(said) from refused
        except FormatError as error:
            raise CommandError(str(error)) from error
        for name in counts.unnamed:
            self.stderr.write(f"{name}: skipped, because the manifest has no row for it")
        images, neurons, records = (
            counted(getattr(counts, name), name) for name in ("images", "neurons", "records")
        )
        self.stdout.write(f"{images}, {neurons} and {records} imported.")
