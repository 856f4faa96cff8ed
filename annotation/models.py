"""Batches of items, raters and their enrolments, assignments and judgments."""

import secrets
import uuid
from typing import Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


def invitation_token() -> str:
    """Return an unguessable token of 22 URL-safe characters (128 bits)."""
    return secrets.token_urlsafe(16)


class Batch(models.Model):
    """What raters are recruited for: items of one protocol behind one invitation link."""

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        CLOSED = "closed"

    token = models.CharField(max_length=32, unique=True, default=invitation_token, editable=False)
    title = models.CharField(max_length=200)
    language = models.CharField(
        max_length=20,
        default="en",
        validators=[RegexValidator(r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z")],
        help_text="Language of the study's own texts, as a tag such as en or pt-BR",
    )
    protocol = models.CharField(max_length=20)
    consent = models.TextField(help_text="What a rater agrees to, in plain text")
    consent_version = models.PositiveIntegerField(default=1)
    instructions = models.TextField(help_text="Shown before the first item, in plain text")
    ask_confidence = models.BooleanField(default=False)
    items_per_rater = models.PositiveIntegerField(help_text="A rater is done after this many")
    lease_seconds = models.PositiveIntegerField(default=1800)
    seed = models.BigIntegerField(default=0, help_text="Determines each rater's order of the items")
    state = models.CharField(max_length=6, choices=State, default=State.DRAFT)
    rules = models.JSONField(
        default=list, blank=True, help_text="Thresholds for raters, set before the first answer"
    )
    tells_raters = models.BooleanField(
        default=True, help_text="Tell a paused rater which rule they broke"
    )
    open_to_accounts = models.BooleanField(
        "open to account holders",
        default=False,
        help_text="Raters who log in see it among their studies and can join",
    )
    entry = models.JSONField(
        default=dict, blank=True, help_text="Check, practice, breaks, and a recruiter's codes"
    )
    follows = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Raters who have finished that batch continue with this one, and nobody else",
    )
    catch_interval = models.PositiveSmallIntegerField(
        default=0,
        help_text="Each rater gets one catch trial in this many questions; 0: like any item",
    )
    repeat_after = models.PositiveSmallIntegerField(
        default=0,
        help_text="An item is repeated after at least this many questions; 0: like any item",
    )

    class Meta:
        verbose_name_plural = "batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "open", "closed"]), name="batch_state_known"
            ),
            models.CheckConstraint(
                condition=Q(items_per_rater__gte=1), name="items_per_rater_at_least_one"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def second_part(self) -> "Batch | None":
        """The open batch that its raters continue with, if there is one."""
        return Batch.objects.filter(follows=self, state=self.State.OPEN).first()


class Rater(models.Model):
    """Somebody who judges. Synthetic raters are programs and are marked wherever they appear."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    entry_key = models.UUIDField(
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text="In their browsers' cookies and personal links; replaced with each new password",
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="rater",
        help_text="The account they log in with, if they have one",
    )
    synthetic = models.BooleanField(default=False)
    external = models.CharField(
        max_length=80, unique=True, null=True, blank=True, help_text="The recruiter's id for them"
    )
    created = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{'synthetic ' if self.synthetic else ''}rater {self.key.hex[:8]}"


class LoginTry(models.Model):
    """An attempt to log in: user name and address as digests, kept for minutes."""

    name = models.CharField(max_length=64)
    address = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "login attempts"
        indexes = [models.Index(fields=["name", "at"], name="tries_by_name")]

    def __str__(self) -> str:
        return f"attempt at {self.at:%H:%M}"


class Enrolment(models.Model):
    """A rater's participation in a batch: consent, place in the counterbalancing, the end."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="enrolments")
    rater = models.ForeignKey(Rater, models.PROTECT, related_name="enrolments")
    ordinal = models.PositiveIntegerField(help_text="0 for the batch's first rater, and so on")
    consent_version = models.PositiveIntegerField()
    consented = models.DateTimeField()
    finished = models.DateTimeField(null=True, blank=True)
    arrival = models.JSONField(default=dict, help_text="The ids in a recruiter's link")
    tries = models.JSONField(default=list, help_text="Answers to the check, with their times")
    qualified = models.DateTimeField(null=True, blank=True, help_text="Passed the check")
    screened_out = models.DateTimeField(
        null=True, blank=True, help_text="Failed the last attempt at the check"
    )
    practised = models.PositiveIntegerField(default=0, help_text="Practice questions done")
    paused = models.DateTimeField(
        null=True, blank=True, help_text="By a rule: gets no more questions"
    )
    group = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Gets the items of this group and those of no group"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "rater"], name="one_enrolment_per_batch_and_rater"
            ),
            models.UniqueConstraint(
                fields=["batch", "ordinal"], name="one_enrolment_per_batch_and_ordinal"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rater} in {self.batch}"


class Exclusion(models.Model):
    """A rule that a rater broke, when, and by how much. Their answers stay.

    A lifted one no longer pauses the rater nor marks their judgments, but stays on record.
    """

    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="exclusions")
    rule = models.CharField(max_length=30)
    value = models.FloatField(help_text="The measure when the rule was broken, 0 to 1")
    n = models.PositiveIntegerField(help_text="Observations that it was computed from")
    limit = models.FloatField()
    pauses = models.BooleanField()
    at = models.DateTimeField()
    lifted = models.DateTimeField(null=True, blank=True)
    lifted_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "rule"], name="one_exclusion_per_enrolment_and_rule"
            ),
            models.CheckConstraint(
                condition=Q(lifted=None, lifted_because="")
                | Q(lifted__isnull=False) & ~Q(lifted_because=""),
                name="lifting_an_exclusion_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.enrolment}: {self.rule}"


class Item(models.Model):
    """One question. The payload is exactly what a rater is shown, frozen when it was built.

    The known answer is stored apart from the payload: no page can show it.
    """

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="items")
    position = models.PositiveIntegerField()
    payload = models.JSONField()
    payload_version = models.PositiveIntegerField()
    pictures = models.JSONField(
        default=dict,
        blank=True,
        help_text="The stored `file` and `thumbnail` behind each image that the payload names",
    )
    gold = models.JSONField(null=True, blank=True, help_text="The known answer, if there is one")
    is_catch = models.BooleanField(
        default=False, help_text="A gold item that only inattention fails"
    )
    repeats = models.ForeignKey(
        "self",
        models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The item that is asked again",
    )
    overlap = models.PositiveIntegerField(help_text="Judgments wanted")
    claims = models.PositiveIntegerField(default=0, help_text="Judgments given or being given")
    order_balance = models.IntegerField(
        default=0, help_text="Balance: times shown first minus times shown second"
    )
    group = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="The group of raters it is for; empty: everybody"
    )
    not_for = models.ManyToManyField(
        Rater, blank=True, related_name="+", help_text="Raters who never get it"
    )

    class Meta:
        ordering = ["batch", "position"]
        # All that a claim reads: the rows themselves are wide.
        indexes = [
            models.Index(
                fields=[
                    *("batch", "claims", "position", "overlap", "order_balance"),
                    *("group", "is_catch", "repeats"),
                ],
                name="items_to_claim",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "position"], name="one_item_per_batch_and_position"
            ),
            models.CheckConstraint(
                condition=Q(claims__lte=F("overlap")), name="overlap_never_exceeded"
            ),
            models.CheckConstraint(
                condition=Q(order_balance__lte=F("claims")) & Q(order_balance__gte=-F("claims")),
                name="order_balance_within_claims",
            ),
            models.CheckConstraint(
                condition=Q(is_catch=False) | Q(gold__isnull=False),
                name="catch_trials_have_a_known_answer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.batch} item {self.position}"


class Assignment(models.Model):
    """A rater's claim on an item, with the order in which the options were shown."""

    class State(models.TextChoices):
        OPEN = "open"
        JUDGED = "judged"
        SKIPPED = "skipped"
        EXPIRED = "expired"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    item = models.ForeignKey(Item, models.PROTECT, related_name="assignments")
    rater = models.ForeignKey(Rater, models.PROTECT, related_name="assignments")
    order = models.JSONField(help_text="Option keys as shown, left (or first) to right (or last)")
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    claimed = models.DateTimeField()
    expires = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)
    draft = models.JSONField(null=True, blank=True, help_text="The form as it was last stored")
    skip_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["state", "expires"], name="assignments_to_expire")]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "rater"],
                condition=~Q(state="expired"),
                name="a_rater_gets_an_item_once",
            ),
            models.CheckConstraint(
                condition=Q(state="open", ended=None)
                | Q(state__in=["judged", "skipped", "expired"], ended__isnull=False),
                name="assignment_ended_exactly_when_not_open",
            ),
            models.CheckConstraint(
                condition=Q(state="skipped") | Q(skip_reason=""),
                name="only_skips_have_a_skip_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} for {self.rater}"


class Judgments(models.QuerySet["Judgment"]):
    """Judgments, and which of them count."""

    def standing(self) -> Self:
        """Keep the answers that no later one supersedes: one for each judged assignment."""
        return self.filter(superseded_by=None)


class Judgment(models.Model):
    """An answer. Append-only: an edit is a new row that supersedes the one before it.

    The two unique constraints make the answers to one assignment a chain: one first answer, and at
    most one successor each. A trigger in the database refuses updates.
    """

    key = models.UUIDField(
        unique=True, help_text="Created with the form, so that sending it twice stores one answer"
    )
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="judgments")
    answer = models.JSONField()
    seconds = models.FloatField(help_text="Time with the page in view")
    away = models.FloatField(
        null=True, blank=True, help_text="Seconds between claim and answer without the page in view"
    )
    submitted = models.DateTimeField()
    supersedes = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="superseded_by"
    )

    objects = Judgments.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"],
                condition=Q(supersedes=None),
                name="one_first_judgment_per_assignment",
            ),
            models.CheckConstraint(condition=Q(seconds__gte=0), name="time_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"answer to {self.assignment}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store a new judgment; an existing one is refused."""
        if self.pk is not None:
            raise ValidationError("judgments are append-only: submit one that supersedes it")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: judgments are kept."""
        raise ValidationError("judgments are append-only")
