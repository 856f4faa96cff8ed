"""What a study is to find out, and how."""

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from annotation.models import Batch
from explanations.models import Method, Neuron
from studies.design.active import LEAST_RANDOM
from studies.presets import PRESETS
from studies.presets.base import Preset
from studies.presets.defaults import CONSENT, INSTRUCTIONS

PAIRWISE = "pairwise"
"""The design whose judgments are preferences between two: what the analysis is about."""


class Study(models.Model):
    """A design: which neurons, which conditions, how many judgments, from one stored seed."""

    class State(models.TextChoices):
        DRAFT = "draft"
        BUILT = "built"
        OPEN = "open"
        CLOSED = "closed"

    class Pairing(models.TextChoices):
        ALL = "all", "all pairs"
        ADJACENT = "adjacent", "neighbours in score"
        BALANCED = "balanced", "a balanced part"
        RANDOM = "random", "a random part"
        ACTIVE = "active", "chosen as votes come in"

    class Dealing(models.TextChoices):
        WITHIN = "within", "each rater meets all conditions"
        BETWEEN = "between", "each rater meets one condition, or one pair"

    title = models.CharField(
        max_length=200, help_text="Raters see it: it names nothing that is compared"
    )
    slug = models.SlugField(unique=True, help_text="Its name in addresses and exports")
    question = models.TextField(blank=True, help_text="What the study is to find out")
    preset = models.CharField(
        max_length=40, default=PAIRWISE, editable=False, help_text="The design it follows"
    )
    neurons = models.ManyToManyField(Neuron, blank=True, related_name="studies")
    overlap = models.PositiveIntegerField(default=3, help_text="Judgments wanted for each item")
    items_per_rater = models.PositiveIntegerField(
        default=40, help_text="A rater is done after this many"
    )
    excerpts = models.PositiveIntegerField(
        default=6, help_text="Shown with each item: two thirds highest peaks, the others drawn"
    )
    ask_confidence = models.BooleanField(
        default=False, help_text="Ask how sure the rater is, after each choice"
    )
    consent = models.TextField(default=CONSENT, help_text="What a rater agrees to, in plain text")
    instructions = models.TextField(
        default=INSTRUCTIONS, help_text="Shown before the first item, in plain text"
    )
    seed = models.BigIntegerField(
        default=1, help_text="Every draw of the design comes from it: order, sides, excerpts"
    )
    follows = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="followed_by",
        help_text="The first part: its raters go on to this one",
    )
    left_out = models.JSONField(
        default=list, editable=False, help_text="What building left out: reason, n, examples"
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
        help_text="Which two conditions meet on a neuron, where two are compared",
    )
    pairs_per_neuron = models.PositiveSmallIntegerField(
        default=1, help_text="For balanced and random pairs: how many on each neuron"
    )
    catches = models.PositiveSmallIntegerField(
        "catch trials",
        default=0,
        help_text="Questions with an answer that is plain, for each hundred of the others",
    )
    repeats = models.PositiveSmallIntegerField(
        default=0, help_text="Questions asked a second time, for each hundred"
    )
    adopts = models.BooleanField(
        "adopt on closing",
        default=False,
        help_text="What raters write or simulate then stands beside what models do",
    )
    language = models.CharField(
        max_length=20,
        default="en",
        validators=[RegexValidator(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")],
        help_text="Of the texts below and of what is shown, as a tag such as en or pt-BR",
    )
    rules = models.JSONField(
        default=list, blank=True, help_text="On raters, set before the first answer"
    )
    tells_raters = models.BooleanField(
        "tell raters",
        default=True,
        help_text="Say to a rater who is paused which rule it was",
    )
    checks = models.JSONField(
        default=list, blank=True, help_text="Questions about the instructions, before the first"
    )
    practises = models.BooleanField(
        "practice",
        default=False,
        help_text="Ask a made-up question first, and say what was looked for",
    )
    budget = models.PositiveIntegerField(
        default=0, help_text="For pairs chosen as votes come in: judgments in all"
    )
    random_share = models.FloatField(
        default=LEAST_RANDOM,
        help_text="For these: the share of pairs that is drawn at random, from 0.3 to 1",
    )
    deep_share = models.PositiveSmallIntegerField(
        "judged more often",
        default=0,
        help_text="Questions, for each hundred, that more raters answer: they show agreement",
    )
    deep_overlap = models.PositiveIntegerField(
        "how often", default=10, help_text="Judgments wanted for each of these"
    )
    dealing = models.CharField(
        "conditions",
        max_length=7,
        choices=Dealing,
        default=Dealing.WITHIN,
        help_text="Within raters, or between them: then each condition has raters of its own",
    )

    class Meta:
        verbose_name_plural = "studies"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", batch=None)
                | Q(state__in=["built", "open", "closed"], batch__isnull=False),
                name="a_built_study_has_a_batch",
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
                name="extra_questions_are_half_at_most",
                violation_error_message="Catch trials and repeats are at most 50 for each hundred.",
            ),
            models.CheckConstraint(
                condition=~Q(pairing="active") | Q(budget__gte=1, repeats=0, deep_share=0),
                name="a_budget_ends_what_is_chosen_actively",
                violation_error_message=(
                    "Pairs that are chosen as votes come in need a number of judgments in all, and "
                    "take no repeats and none that are judged more often."
                ),
            ),
            models.CheckConstraint(
                condition=Q(random_share__gte=LEAST_RANDOM) & Q(random_share__lte=1),
                name="enough_pairs_are_drawn_at_random",
                violation_error_message="From 0.3 to 1 of the pairs are drawn at random.",
            ),
            models.CheckConstraint(
                condition=Q(deep_share=0)
                | Q(deep_share__lte=100) & Q(deep_overlap__gte=F("overlap")),
                name="what_is_judged_more_often_is_not_judged_less",
                violation_error_message=(
                    "Questions that are judged more often are at most 100 for each hundred, and "
                    "want no fewer judgments than the others."
                ),
            ),
            models.CheckConstraint(
                condition=Q(dealing="within") | Q(dealing="between") & ~Q(pairing="active"),
                name="what_is_chosen_actively_is_for_all_raters",
                violation_error_message=(
                    "Pairs that are chosen as votes come in are for all raters: "
                    "conditions are met within raters."
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
        return self.preset == PAIRWISE

    @property
    def draws_pairs(self) -> bool:
        """Whether its pairs are chosen as votes come in."""
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
        help_text="Empty: explanations that people wrote",
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
                violation_error_message="“tie” is what an undecided judgment is called in exports.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
