"""Explanations of neurons, with methods, simulations and scores."""

import hashlib
import json
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from explanations.models.common import choices, one_of
from explanations.models.neurons import Neuron, Record
from explanations.records import Scale

PERSON = "person"
"""The setting of a method that is one person of a study: the pseudonym there."""


class Method(models.Model):
    """A named, versioned configuration of an explainer, simulator or scorer, never edited."""

    class Kind(models.TextChoices):
        EXPLAINER = "explainer"
        SIMULATOR = "simulator"
        SCORER = "scorer"

    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField(default=1)
    config = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        ordering = ["kind", "name", "version", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["explainer", "simulator", "scorer"]), name="method_kind_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new method; an existing one is refused."""
        if self.pk is not None:
            raise ValidationError(f"{self} cannot be edited: make a new version")
        self.digest = self.digest_of(self.kind, self.name, self.version, self.config)
        super().save(*args, **kwargs)

    @property
    def is_person(self) -> bool:
        """Whether it represents a participant of a study."""
        return PERSON in self.config

    @staticmethod
    def digest_of(kind: str, name: str, version: int, config: dict[str, Any]) -> str:
        """Return the SHA-256 of canonical JSON: equal configurations have equal digests."""
        canonical = json.dumps([kind, name, version, config], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


class Explanation(models.Model):
    """One text about one neuron."""

    class Author(models.TextChoices):
        HUMAN = "human"
        MODEL = "model"
        BASELINE = "baseline"
        CONTROL = "control"

    neuron = models.ForeignKey(Neuron, models.CASCADE, related_name="explanations")
    text = models.TextField()
    author_kind = models.CharField(max_length=10, choices=Author)
    method = models.ForeignKey(
        Method,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="explanations",
        limit_choices_to={"kind": "explainer"},
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children"
    )
    shown = models.ManyToManyField(
        Record, blank=True, related_name="+", help_text="The records that its author saw"
    )
    details = models.JSONField(
        default=dict, blank=True, help_text="What else its author left, such as a transcript"
    )
    created = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["neuron", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["neuron", "method"], name="one_explanation_per_neuron_and_method"
            ),
            models.UniqueConstraint(
                fields=["neuron", "author_kind", "text"],
                condition=Q(method__isnull=True),
                name="one_human_explanation_per_neuron_and_text",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="explanation_has_text"),
            models.CheckConstraint(
                condition=Q(author_kind="human")
                | (Q(author_kind__in=["model", "baseline", "control"]) & Q(method__isnull=False)),
                name="only_people_write_without_a_method",
            ),
        ]

    def __str__(self) -> str:
        return self.text if len(self.text) <= 60 else f"{self.text[:57]}…"


BY_PEOPLE = Q(author_kind=Explanation.Author.HUMAN) & (
    Q(method=None) | Q(method__config__has_key=PERSON)
)
"""Explanations that people wrote: as themselves, or in a study."""


class Simulation(models.Model):
    """Predicted activations of held-out records, given an explanation."""

    explanation = models.ForeignKey(Explanation, models.CASCADE, related_name="simulations")
    method = models.ForeignKey(
        Method, models.PROTECT, related_name="simulations", limit_choices_to={"kind": "simulator"}
    )
    scale = models.CharField(max_length=12, choices=choices(Scale))
    details = models.JSONField(
        default=dict, blank=True, help_text="How it was made: the way of reading, the calibration"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["explanation", "method"], name="one_simulation_per_explanation_and_method"
            ),
            models.CheckConstraint(condition=one_of("scale", Scale), name="simulation_scale_known"),
        ]

    def __str__(self) -> str:
        return f"{self.method} of {self.explanation}"


class SimulatedRecord(models.Model):
    """A simulation's values on one record, or why it has none.

    They are float32, little-endian, and nan where a token got no value.
    """

    simulation = models.ForeignKey(Simulation, models.CASCADE, related_name="records")
    record = models.ForeignKey(Record, models.CASCADE, related_name="simulated")
    values = models.BinaryField(null=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why nothing came back")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(values__isnull=True) & ~Q(reason=""))
                | (Q(values__isnull=False) & Q(reason="")),
                name="simulated_record_has_values_or_a_reason",
            ),
            models.UniqueConstraint(
                fields=["simulation", "record"], name="one_simulated_record_per_simulation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.simulation} on {self.record}"


class Score(models.Model):
    """A number about an explanation; where it is undefined, the reason instead."""

    explanation = models.ForeignKey(Explanation, models.CASCADE, related_name="scores")
    simulation = models.ForeignKey(
        Simulation, models.CASCADE, null=True, blank=True, related_name="scores"
    )
    method = models.ForeignKey(
        Method, models.PROTECT, related_name="scores", limit_choices_to={"kind": "scorer"}
    )
    value = models.FloatField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    n = models.PositiveIntegerField(help_text="Observations that the number rests on")
    low = models.FloatField(null=True, blank=True, help_text="Lower end of the 95 % interval")
    high = models.FloatField(null=True, blank=True)
    records = models.JSONField(
        default=list, blank=True, help_text="Primary keys of the records that it rests on"
    )
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["explanation", "simulation", "method"],
                name="one_score_per_explanation_simulation_and_method",
            ),
            # SQLite cannot treat nulls as equal, so what rests on no simulation has its own rule.
            models.UniqueConstraint(
                fields=["explanation", "method"],
                condition=Q(simulation=None),
                name="one_direct_score_per_explanation_and_method",
            ),
            models.CheckConstraint(
                condition=(Q(value__isnull=True) & ~Q(reason=""))
                | (Q(value__isnull=False) & Q(reason="")),
                name="score_is_a_value_or_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(low__isnull=True, high__isnull=True)
                | Q(low__isnull=False, high__isnull=False, value__isnull=False),
                name="an_interval_has_two_ends_and_a_value",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method}: {self.reason if self.value is None else f'{self.value:.3f}'}"
