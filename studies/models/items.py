"""The explanations and records behind what raters are shown, and how pairs were drawn."""

from django.db import models
from django.db.models import Q

from annotation.models import Item
from explanations.models import Explanation, Neuron, Record
from studies.models.designs import Condition, Study


class StudyItem(models.Model):
    """What an item is about; raters' pages have no access to it.

    `explanation` and `condition` are set if the whole question is about one explanation; `records`
    are those shown, in the payload's order; `known` is the right answer, if there is one.
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
                name="study_item_role_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study}: {self.neuron}"


class PairDraw(models.Model):
    """The draw of a pair for one more judgment, with its arm and probability. Append-only.

    The n-th draw of an item is answered by the n-th judgment of it. A trigger in the database
    refuses updates.
    """

    class Arm(models.TextChoices):
        RANDOM = "random"
        ACTIVE = "active"

    study = models.ForeignKey(Study, models.PROTECT, related_name="draws")
    study_item = models.ForeignKey(StudyItem, models.PROTECT, related_name="draws")
    round = models.PositiveIntegerField(help_text="0 for the first round, which is random.")
    place = models.PositiveIntegerField(help_text="Position within the round, from 0.")
    arm = models.CharField(max_length=6, choices=Arm)
    probability = models.FloatField(
        help_text="Of drawing this pair by either arm, given the draws before it."
    )
    drawn = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "round", "place"], name="one_draw_per_study_round_and_place"
            ),
            models.CheckConstraint(
                condition=Q(probability__gt=0) & Q(probability__lte=1),
                name="a_draw_has_a_probability",
            ),
            models.CheckConstraint(
                condition=Q(arm__in=["random", "active"]), name="a_draw_has_an_arm"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study_item}: draw {self.place} of round {self.round}"


class StudyOption(models.Model):
    """The explanation or record behind one option key of an item's payload.

    A true description that is offered as an option has no condition.
    """

    study_item = models.ForeignKey(StudyItem, models.CASCADE, related_name="options")
    key = models.CharField(max_length=12)
    place = models.PositiveSmallIntegerField(help_text="Position in the payload, from 0.")
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
