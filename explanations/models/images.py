"""Images that neurons respond to, and the zips that they come in with."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from explanations.models.common import Leased
from explanations.models.neurons import Document


class Image(models.Model):
    """The image of a document that is an image rather than a text.

    A record of it has one token, the alternative text, so that whatever cannot see reads words.
    Both files lie in `settings.IMAGE_DIR`, under names made of the pixels.
    """

    document = models.OneToOneField(Document, models.CASCADE, related_name="image")
    original = models.CharField(max_length=200, help_text="Its path in the zip that it came in")
    file = models.CharField(max_length=60)
    thumbnail = models.CharField(max_length=60)
    width = models.PositiveIntegerField(help_text="In pixels")
    height = models.PositiveIntegerField(help_text="In pixels")
    alternative = models.CharField(max_length=500, help_text="What it shows, for who cannot see it")
    source = models.CharField(max_length=500, blank=True)
    licence = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(alternative=""), name="an_image_has_words"),
            models.CheckConstraint(
                condition=Q(width__gte=1) & Q(height__gte=1), name="an_image_has_pixels"
            ),
        ]

    def __str__(self) -> str:
        return self.original


class ImageImport(Leased):
    """An uploaded zip of images, imported completely or not at all."""

    name = models.CharField(max_length=200, help_text="What the zip was called")
    subject = models.CharField(max_length=200, help_text="The name of the subject they are of")
    place = models.CharField(max_length=500, help_text="Where the zip waits for a worker")
    sender = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    created = models.DateTimeField(db_default=Now())
    total = models.PositiveIntegerField(default=0, help_text="Images to decode")
    done = models.PositiveIntegerField(default=0, help_text="Images decoded so far")
    finished = models.DateTimeField(null=True)
    counts = models.JSONField(null=True, help_text="What came in; null where nothing did")
    faults = models.TextField(blank=True, help_text="Why nothing was imported, one problem a line")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(finished=None, counts__isnull=True, faults="")
                | Q(finished__isnull=False, lease=None, counts__isnull=False, faults="")
                | (Q(finished__isnull=False, lease=None, counts__isnull=True) & ~Q(faults="")),
                name="an_image_import_ends_whole_or_with_faults",
            ),
            models.CheckConstraint(
                condition=Q(lease=None, leased_until=None)
                | Q(lease__isnull=False, leased_until__isnull=False),
                name="image_import_lease_runs_out",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} for {self.subject}"
