"""A study's design and its conditions."""

from typing import Any
from uuid import UUID

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from annotation.models import Batch
from annotation.protocols.compare import COMPARE
from explanations.models import Method, Neuron
from studies.analysis.protocols.base import ProtocolAnalysis
from studies.analysis.protocols.registry import PROTOCOLS
from studies.design.active import LEAST_RANDOM
from studies.presets import PRESETS
from studies.presets.base import Preset

PAIRWISE = "pairwise"
"""The design that a study follows unless another is chosen."""


def default_consent() -> str:
    """Return the default consent of a comparison."""
    return PRESETS[PAIRWISE].consent


def default_instructions() -> str:
    """Return the instructions of a comparison."""
    return PRESETS[PAIRWISE].instructions


class Study(models.Model):
    """A study's design: neurons, conditions, number of judgments; all derived from one seed."""

    class State(models.TextChoices):
        DRAFT = "draft"
        BUILT = "built"
        OPEN = "open"
        CLOSED = "closed"

    class Pairing(models.TextChoices):
        ALL = "all", "all pairs"
        ADJACENT = "adjacent", "pairs adjacent in score"
        BALANCED = "balanced", "a balanced subset of pairs"
        RANDOM = "random", "a random subset of pairs"
        ACTIVE = "active", "chosen adaptively as votes arrive"

    class ConditionAssignment(models.TextChoices):
        WITHIN = "within", "each rater sees all conditions"
        BETWEEN = "between", "each rater sees one condition or one pair"

    title = models.CharField(
        max_length=200,
        help_text="Shown to raters, so don't name what is being compared.",
    )
    slug = models.SlugField(unique=True, help_text="Used in URLs and exports.")
    question = models.TextField(blank=True, help_text="What the study is meant to find out.")
    preset = models.CharField(
        max_length=40, default=PAIRWISE, editable=False, help_text="The design the study follows."
    )
    neurons = models.ManyToManyField(Neuron, blank=True, related_name="studies")
    overlap = models.PositiveIntegerField(default=3, help_text="Judgments wanted for each item.")
    items_per_rater = models.PositiveIntegerField(
        default=40, help_text="A rater is done after this many items."
    )
    excerpts = models.PositiveIntegerField(
        default=6,
        help_text="Shown with each item: two thirds strongest, the rest sampled.",
    )
    ask_confidence = models.BooleanField(
        default=False, help_text="Ask how confident the rater is after each choice."
    )
    consent = models.TextField(
        default=default_consent, help_text="What raters agree to, in plain text."
    )
    instructions = models.TextField(
        default=default_instructions, help_text="Shown before the first item, in plain text."
    )
    seed = models.BigIntegerField(
        default=1,
        help_text="Determines all random choices: order, sides, excerpts.",
    )
    follows = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="followed_by",
        help_text="The first part, whose raters continue with this study.",
    )
    left_out = models.JSONField(
        default=list,
        editable=False,
        help_text="What building left out: reason, n, examples.",
    )
    batch = models.OneToOneField(
        Batch, models.PROTECT, null=True, blank=True, editable=False, related_name="+"
    )
    state = models.CharField(max_length=6, choices=State, default=State.DRAFT, editable=False)
    created = models.DateTimeField(db_default=Now())

    pairing = models.CharField(
        max_length=8,
        choices=Pairing,
        default=Pairing.ALL,
        help_text="Which two conditions are compared on a neuron, in a comparison.",
    )
    pairs_per_neuron = models.PositiveSmallIntegerField(
        default=1, help_text="For balanced and random subsets: pairs per neuron."
    )
    catches = models.PositiveSmallIntegerField(
        "catch trials",
        default=0,
        help_text="Questions with an obvious answer, per 100 other questions.",
    )
    repeats = models.PositiveSmallIntegerField(
        default=0, help_text="Questions asked a second time, per 100."
    )
    adopts = models.BooleanField(
        "adopt on closing",
        default=False,
        help_text="Add what raters write or simulate to what models wrote or simulated.",
    )
    language = models.CharField(
        max_length=20,
        default="en",
        validators=[RegexValidator(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")],
        help_text="Of the texts below and of the material, as a tag such as en or pt-BR.",
    )
    rules = models.JSONField(
        default=list, blank=True, help_text="Quality rules for raters, set before the first answer."
    )
    tells_raters = models.BooleanField(
        "tell raters",
        default=True,
        help_text="Tell raters who are paused which rule they broke.",
    )
    checks = models.JSONField(
        default=list, blank=True, help_text="Comprehension questions, asked before the first item."
    )
    practises = models.BooleanField(
        "practice",
        default=False,
        help_text="Ask a made-up question first, then show its answer.",
    )
    budget = models.PositiveIntegerField(
        default=0, help_text="For pairs chosen adaptively: judgments in total."
    )
    random_share = models.FloatField(
        default=LEAST_RANDOM,
        help_text="For pairs chosen adaptively: share drawn at random, from 0.3 to 1.",
    )
    extra_overlap_share = models.PositiveSmallIntegerField(
        "extra overlap share",
        default=0,
        help_text="Questions, per 100, that get more judgments, to measure agreement.",
    )
    extra_overlap = models.PositiveIntegerField(
        default=10, help_text="Judgments wanted for each of these."
    )
    condition_assignment = models.CharField(
        max_length=7,
        choices=ConditionAssignment,
        default=ConditionAssignment.WITHIN,
        help_text="Between raters, each condition has its own raters.",
    )

    class Meta:
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", batch=None)
                | Q(state__in=["built", "open", "closed"], batch__isnull=False),
                name="built_study_has_a_batch",
            ),
            models.CheckConstraint(
                condition=Q(overlap__gte=1) & Q(items_per_rater__gte=1) & Q(excerpts__gte=1),
                name="study_sizes_are_positive",
            ),
            models.CheckConstraint(
                condition=Q(pairing__in=["all", "adjacent", "balanced", "random", "active"])
                & Q(pairs_per_neuron__gte=1),
                name="study_pairing_known",
            ),
            models.CheckConstraint(
                condition=Q(catches__lte=50) & Q(repeats__lte=50),
                name="catches_and_repeats_are_half_at_most",
                violation_error_message="Use at most 50 catch trials and 50 repeats per 100.",
            ),
            models.CheckConstraint(
                condition=~Q(pairing="active") | Q(budget__gte=1, repeats=0, extra_overlap_share=0),
                name="active_pairing_needs_a_budget",
                violation_error_message=(
                    "Pairs chosen adaptively need a budget, and cannot be combined with repeats or "
                    "extra overlap."
                ),
            ),
            models.CheckConstraint(
                condition=Q(random_share__gte=LEAST_RANDOM) & Q(random_share__lte=1),
                name="random_share_is_in_range",
                violation_error_message="The random share is between 0.3 and 1.",
            ),
            models.CheckConstraint(
                condition=Q(extra_overlap_share=0)
                | Q(extra_overlap_share__lte=100) & Q(extra_overlap__gte=F("overlap")),
                name="extra_overlap_is_at_least_overlap",
                violation_error_message=(
                    "The extra overlap share is at most 100, and the extra overlap is at least the "
                    "overlap."
                ),
            ),
            models.CheckConstraint(
                condition=Q(condition_assignment="within")
                | Q(condition_assignment="between") & ~Q(pairing="active"),
                name="active_pairing_is_within_raters",
                violation_error_message=(
                    "Pairs chosen adaptively are for all raters: assign conditions within raters."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def design(self) -> Preset:
        """The design it follows."""
        return PRESETS[self.preset]

    @property
    def compares(self) -> bool:
        """Whether its judgments are preferences between two."""
        return self.design.protocol == COMPARE.name

    @property
    def protocol_analysis(self) -> ProtocolAnalysis[Any]:
        """How its answers are analysed."""
        return PROTOCOLS[self.design.protocol]

    @property
    def between_raters(self) -> bool:
        """Whether each rater sees one condition (or one pair) only."""
        return self.condition_assignment == self.ConditionAssignment.BETWEEN

    def pseudonym(self, rater: UUID) -> str:
        """Return a rater's name in this study's exports: stable, and not reversible.

        A keyed hash: without the site's secret nobody can link it to a rater, or link the raters of
        two studies.
        """
        salt = f"studies.exports.{self.pk}"
        return salted_hmac(salt, str(rater), algorithm="sha256").hexdigest()[:16]

    @property
    def draws_pairs(self) -> bool:
        """Whether its pairs are chosen adaptively as votes arrive."""
        return self.compares and self.pairing == self.Pairing.ACTIVE


class Condition(models.Model):
    """One of the things a study compares: the explanations of one method, or those people wrote."""

    study = models.ForeignKey(Study, models.CASCADE, related_name="conditions")
    name = models.CharField(max_length=100)
    method = models.ForeignKey(
        Method,
        models.PROTECT,
        null=True,
        blank=True,
        limit_choices_to={"kind": "explainer"},
        help_text="Leave empty for explanations written by people.",
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "name"], name="one_condition_per_study_and_name"
            ),
            models.UniqueConstraint(
                fields=["study", "method"], name="one_condition_per_study_and_method"
            ),
            models.UniqueConstraint(
                fields=["study"],
                condition=Q(method=None),
                name="one_condition_per_study_written_by_people",
            ),
            models.CheckConstraint(
                condition=~Q(name__iexact="tie"),
                name="no_condition_is_called_tie",
                violation_error_message="“tie” already means an undecided judgment in exports.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
