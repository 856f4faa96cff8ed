"""Questions that visitors ask about subjects, and neurons that they save."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from explanations.models.common import Leased
from explanations.models.explanations import Explanation
from explanations.models.neurons import Subject


class Question(Leased):
    """A question that a worker answers for a visitor. It ends as a result or a failure.

    What a neuron does on a text, what ablating or clamping it does to the next token, or which
    explanations mean something similar to a text.
    """

    class Kind(models.TextChoices):
        ACTIVATE = "activate"
        INTERVENE = "intervene"
        MEANING = "meaning"

    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.ForeignKey(Subject, models.CASCADE, null=True, related_name="questions")
    layer = models.PositiveIntegerField(null=True)
    index = models.PositiveIntegerField(null=True)
    text = models.TextField()
    clamp = models.FloatField(null=True, help_text="What to set the neuron to: 0 ablates it")
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True)
    token = models.UUIDField(unique=True, help_text="Who knows it may read the answer")
    created = models.DateTimeField(db_default=Now())
    finished = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why there is no result")

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=Q(finished=None), name="questions_open"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["activate", "intervene"],
                    subject__isnull=False,
                    layer__isnull=False,
                    index__isnull=False,
                )
                | Q(kind="meaning", subject__isnull=False, layer=None, index=None),
                name="question_names_what_its_kind_needs",
            ),
            models.CheckConstraint(
                condition=Q(kind="intervene", clamp__isnull=False)
                | (~Q(kind="intervene") & Q(clamp=None)),
                name="question_clamps_exactly_to_intervene",
            ),
            models.CheckConstraint(
                condition=Q(finished=None, result=None, reason="")
                | Q(finished__isnull=False, lease=None, result__isnull=False, reason="")
                | (Q(finished__isnull=False, lease=None, result=None) & ~Q(reason="")),
                name="question_ends_as_a_result_or_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(lease=None, leased_until=None)
                | Q(lease__isnull=False, leased_until__isnull=False),
                name="question_lease_runs_out",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.text[:40]}"


class Embedding(models.Model):
    """An explanation as a vector of one sentence encoder (float32, little-endian, unit length)."""

    explanation = models.ForeignKey(Explanation, models.CASCADE, related_name="embeddings")
    encoder = models.CharField(max_length=200)
    vector = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["explanation", "encoder"], name="one_embedding_per_explanation_and_encoder"
            )
        ]

    def __str__(self) -> str:
        return f"{self.encoder} of {self.explanation}"


class SavedNeuron(models.Model):
    """A neuron that a user saved, in the database or only in a capture."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="saved")
    layer = models.PositiveIntegerField()
    index = models.PositiveIntegerField()
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "subject", "layer", "index"], name="a_neuron_is_saved_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} L{self.layer}/{self.index}"
