"""Import images with neurons' activations on them: `manage.py import_images ZIP --subject NAME`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from explanations.formats.lines import FormatError
from explanations.services.images import ImagesRefused, images_import


class Command(BaseCommand):
    help = "Read a zip of images with a manifest (docs/images.md). All of it comes in, or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the zip and the subject."""
        parser.add_argument("zip", type=Path, help="a zip with a manifest.jsonl or manifest.csv")
        parser.add_argument(
            "--subject", required=True, help="whose neurons they are; made if it is not there"
        )

    def handle(self, **options: Any) -> None:
        """Import, or name every fault; the status is 1 if there was any."""
        try:
            counts = images_import(path=options["zip"], subject=options["subject"])
        except ImagesRefused as refused:
            for fault in refused.faults:
                self.stderr.write(str(fault))
            said = f"Nothing was stored: {len(refused.faults)} faults, see above"
            raise CommandError(said) from refused
        except FormatError as error:
            raise CommandError(str(error)) from error
        for name in counts.unnamed:
            self.stderr.write(f"{name}: no row of the manifest names it, so it was left out")
        said = f"{counts.images} images, {counts.neurons} neurons and {counts.records} records"
        self.stdout.write(f"{said} are new.")
