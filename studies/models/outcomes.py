"""A study's results, its registration, and what was adopted from it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotation.models import Judgment
from explanations.models import Explanation, Simulation
from studies.models.designs import Study


class Analysis(models.Model):
    """A study's results, computed by a worker from the judgments at that time."""

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        FAILED = "failed"

    study = models.OneToOneField(Study, models.CASCADE, related_name="analysis")
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    requested = models.DateTimeField(db_default=Now())
    called = models.DateTimeField(null=True, help_text="When a worker was last called.")
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Workers that started it.")
    stage = models.CharField(max_length=60, blank=True, help_text="What the worker is doing now.")
    share = models.FloatField(default=0.0, help_text="Progress, from 0 to 1.")
    finished = models.DateTimeField(null=True)
    answers = models.PositiveIntegerField(
        default=0, help_text="Answers when it was computed, including corrected ones."
    )
    scores = models.CharField(
        max_length=40, blank=True, help_text="Marker of the scores at that time."
    )
    results = models.JSONField(null=True)
    figures = models.JSONField(
        default=dict, help_text="Figures and tables by name, made from the results."
    )
    seconds = models.FloatField(default=0.0)
    reason = models.TextField(blank=True, help_text="Why it failed.")

    class Meta:
        verbose_name_plural = "analyses"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(reason=""), name="a_failed_analysis_says_why"
            ),
            models.CheckConstraint(
                condition=Q(lease=None, leased_until=None)
                | Q(lease__isnull=False, leased_until__isnull=False, state="open"),
                name="only_an_open_analysis_is_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"analysis of {self.study}"


class Registration(models.Model):
    """A study's design and analysis plan, frozen: never changed, nor deleted with the study."""

    study = models.OneToOneField(Study, models.PROTECT, related_name="registration")
    document = models.TextField(help_text="Canonical JSON, exactly as hashed.")
    sha256 = models.CharField(max_length=64, help_text="Of the document as UTF-8.")
    registered = models.DateTimeField()

    def __str__(self) -> str:
        return f"registration of {self.study}"


class Adoption(models.Model):
    """What a judgment was adopted as: an explanation, a simulation, or neither and why."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="adoptions")
    judgment = models.OneToOneField(Judgment, models.PROTECT, related_name="+")
    explanation = models.ForeignKey(
        Explanation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    simulation = models.ForeignKey(
        Simulation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why nothing was adopted.")
    adopted = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(explanation__isnull=False, simulation=None, reason="")
                | Q(explanation=None, simulation__isnull=False, reason="")
                | (Q(explanation=None, simulation=None) & ~Q(reason="")),
                name="an_adoption_is_one_thing_or_a_reason",
            )
        ]

    def __str__(self) -> str:
        return (
            f"{self.judgment} in {self.study}: {self.explanation or self.simulation or self.reason}"
        )
