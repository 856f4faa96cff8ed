"""Studies: what is compared, which explanations stand behind each item, and what came out."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from annotation.models import Batch, Item, Judgment
from explanations.models import Explanation, Method, Neuron, Record, Simulation
from studies.presets import PRESETS
from studies.presets.base import Preset

PAIRWISE = "pairwise"
"""The design whose judgments are preferences between two: what the analysis is about."""

CONSENT = """\
You will read short texts with words highlighted, and say which of two descriptions fits them \
better. It is for research into how well such descriptions are written.

Your answers and the time you take are stored without your name. You may stop at any time by \
closing the page; what you have answered until then is kept."""

INSTRUCTIONS = """\
Each page shows a few excerpts. The darker a word is marked, the more strongly one unit of a \
language model responded to it.

Below them are two descriptions of what the unit responds to. Choose the one that fits the \
excerpts better. If neither is better, choose the tie. Nothing hints at who wrote them."""


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
                condition=Q(pairing__in=["all", "adjacent", "balanced", "random"])
                & Q(pairs_per_neuron__gte=1),
                name="study_pairing_known",
            ),
            models.CheckConstraint(
                condition=Q(catches__lte=50) & Q(repeats__lte=50),
                name="extra_questions_are_half_at_most",
                violation_error_message="Catch trials and repeats are at most 50 for each hundred.",
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


class StudyItem(models.Model):
    """What stands behind an item; raters' pages cannot reach it.

    `explanation` and `condition` are those that the whole question is about, if it is about one;
    `records` are shown with it, in the payload's order; `known` is the answer that is right.
    """

    class Role(models.TextChoices):
        MAIN = "main"
        CATCH = "catch"
        REPEAT = "repeat"

    study = models.ForeignKey(Study, models.PROTECT, related_name="items")
    item = models.OneToOneField(Item, models.PROTECT, related_name="+")
    neuron = models.ForeignKey(Neuron, models.PROTECT, related_name="+")
    role = models.CharField(max_length=6, choices=Role, default=Role.MAIN)
    explanation = models.ForeignKey(
        Explanation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    condition = models.ForeignKey(
        Condition, models.PROTECT, null=True, blank=True, related_name="+"
    )
    records = models.JSONField(default=list)
    known = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(role__in=["main", "repeat"]) | Q(role="catch", known__isnull=False),
                name="a_study_items_role_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study}: {self.neuron}"


class StudyOption(models.Model):
    """What is behind one option key of an item's payload: an explanation or a record.

    A true description that is offered beside others stands for no condition.
    """

    study_item = models.ForeignKey(StudyItem, models.CASCADE, related_name="options")
    key = models.CharField(max_length=12)
    place = models.PositiveSmallIntegerField(help_text="Where the payload lists it, from 0")
    explanation = models.ForeignKey(
        Explanation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    condition = models.ForeignKey(
        Condition, models.PROTECT, null=True, blank=True, related_name="+"
    )
    record = models.ForeignKey(Record, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study_item", "key"], name="one_option_per_item_and_key"
            ),
            models.UniqueConstraint(
                fields=["study_item", "condition"], name="one_option_per_item_and_condition"
            ),
            models.UniqueConstraint(
                fields=["study_item", "place"], name="one_option_per_item_and_place"
            ),
            models.CheckConstraint(
                condition=Q(explanation__isnull=False, record=None)
                | Q(explanation=None, condition=None, record__isnull=False),
                name="an_option_is_an_explanation_or_a_record",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study_item} option {self.key}"


class Analysis(models.Model):
    """A study's results, computed by a worker from the judgments there were then."""

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        FAILED = "failed"

    study = models.OneToOneField(Study, models.CASCADE, related_name="analysis")
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    requested = models.DateTimeField(db_default=Now())
    called = models.DateTimeField(null=True, help_text="When a worker was last sent for")
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Workers that took it up")
    stage = models.CharField(max_length=60, blank=True, help_text="What a worker is doing now")
    share = models.FloatField(default=0.0, help_text="How much of that is done, from 0 to 1")
    finished = models.DateTimeField(null=True)
    answers = models.PositiveIntegerField(
        default=0, help_text="Answers there were, corrected ones included, when it was computed"
    )
    scores = models.CharField(
        max_length=40, blank=True, help_text="The mark of the scores there were then"
    )
    results = models.JSONField(null=True)
    figures = models.JSONField(
        default=dict, help_text="Figures and tables by name, made from the results"
    )
    seconds = models.FloatField(default=0.0)
    reason = models.TextField(blank=True, help_text="Why it failed")

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
    """A study's design and analysis plan, frozen: never changed, and never deleted with a study."""

    study = models.OneToOneField(Study, models.PROTECT, related_name="registration")
    document = models.TextField(help_text="Canonical JSON, to the letter what was digested")
    sha256 = models.CharField(max_length=64, help_text="Of the document as UTF-8")
    registered = models.DateTimeField()

    def __str__(self) -> str:
        return f"registration of {self.study}"


class Adoption(models.Model):
    """What came of a judgment beyond its study: an explanation or a simulation, or why neither."""

    study = models.ForeignKey(Study, models.PROTECT, related_name="adoptions")
    judgment = models.OneToOneField(Judgment, models.PROTECT, related_name="+")
    explanation = models.ForeignKey(
        Explanation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    simulation = models.ForeignKey(
        Simulation, models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why nothing came of it")
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
