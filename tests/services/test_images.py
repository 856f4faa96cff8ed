"""A zip that somebody sent is taken in by a worker in another process."""

from pathlib import Path
from typing import Any

import pytest

from explanations.models import ImageImport, Record
from explanations.services.image_imports import image_import_ask
from tests.pictured import row, rows_for, zipped
from tests.services.conftest import Site, until

pytestmark = pytest.mark.services


def taken_in(place: Path) -> ImageImport:
    """Send a zip; return what became of it."""
    content = [place.read_bytes()]
    asked = image_import_ask(name=place.name, subject="vision", content=content, sender=None)
    return until(lambda: ImageImport.objects.filter(pk=asked.pk, finished__isnull=False).first())


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_worker_takes_a_zip_in_whole_once_and_names_what_contradicts_it(
    site: Site, tmp_path: Path, settings: Any
) -> None:
    settings.IMAGE_DIR = site.folder / "images"
    site.worker("--queues", "cpu")
    place = zipped(tmp_path / "a.zip", rows_for("3/7", 0))
    assert taken_in(place).counts == {"images": 16, "neurons": 1, "records": 16, "unnamed": []}
    again = taken_in(place).counts
    assert again is not None
    assert again["records"] == 0
    refused = taken_in(zipped(place, [row(0, split="select"), row(99)]))
    assert "line 1, 0.png, split: the image is stored in the split explain" in refused.faults
    assert Record.objects.count() == 16
    assert len(list((site.folder / "images").glob("*.webp"))) == 32
