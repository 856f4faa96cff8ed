"""What raters are asked, who asked it of whom, and what they answered."""

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
        help_text="Of what raters read that is not the page's own, as a tag such as en or pt-BR",
    )
    protocol = models.CharField(max_length=20)
    consent = models.TextField(help_text="What a rater agrees to, in plain text")
    consent_version = models.PositiveIntegerField(default=1)
    instructions = models.TextField(help_text="Shown before the first item, in plain text")
    ask_confidence = models.BooleanField(default=False)
    items_per_rater = models.PositiveIntegerField(help_text="A rater is done after this many")
    lease_seconds = models.PositiveIntegerField(default=1800)
    seed = models.BigIntegerField(default=0, help_text="Decides each rater's order of the items")
    state = models.CharField(max_length=6, choices=State, default=State.DRAFT)
    rules = models.JSONField(
        default=list, blank=True, help_text="Thresholds on raters, set before the first answer"
    )
    tells_raters = models.BooleanField(
        default=True, help_text="Say to a rater who is paused which rule it was"
    )
    open_to_accounts = models.BooleanField(
        "open to account holders",
        default=False,
        help_text="Raters who log in find it among their studies and may join",
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
        help_text="Who has finished that batch goes on to this one, and nobody else",
    )
    catch_every = models.PositiveSmallIntegerField(
        default=0, help_text="Each rater meets one catch trial in so many questions; 0: as it comes"
    )
    repeat_after = models.PositiveSmallIntegerField(
        default=0,
        help_text="A rater is asked again after so many questions at least; 0: as it comes",
    )

    class Meta:
        verbose_name_plural = "batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "open", "closed"]), name="batch_state_known"
            ),
            models.CheckConstraint(
                condition=Q(items_per_rater__gte=1), name="a_rater_is_asked_something"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def second_part(self) -> "Batch | None":
        """The open batch that its raters go on to, if there is one."""
        return Batch.objects.filter(follows=self, state=self.State.OPEN).first()


class Rater(models.Model):
    """Somebody who judges. Synthetic raters are programs and are marked wherever they appear."""

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    entry_key = models.UUIDField(
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text="What their browsers and personal links hold; anew with each new password",
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="rater",
        help_text="The account with which they log in, where they have one",
    )
    synthetic = models.BooleanField(default=False)
    external = models.CharField(
        max_length=80, unique=True, null=True, blank=True, help_text="A recruiter's name for them"
    )
    created = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{'synthetic ' if self.synthetic else ''}rater {self.key.hex[:8]}"


class LoginTry(models.Model):
    """Somebody tried a password, whose and from where as digests; kept for minutes."""

    name = models.CharField(max_length=64)
    address = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "login tries"
        indexes = [models.Index(fields=["name", "at"], name="tries_by_name")]

    def __str__(self) -> str:
        return f"try at {self.at:%H:%M}"


class Enrolment(models.Model):
    """A rater's part in a batch: the consent, the place in the counterbalancing, the end."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="enrolments")
    rater = models.ForeignKey(Rater, models.PROTECT, related_name="enrolments")
    ordinal = models.PositiveIntegerField(help_text="0 for the batch's first rater, and so on")
    consent_version = models.PositiveIntegerField()
    consented = models.DateTimeField()
    finished = models.DateTimeField(null=True, blank=True)
    arrival = models.JSONField(default=dict, help_text="What a recruiter's link said")
    tries = models.JSONField(default=list, help_text="Answers to the check, and when")
    qualified = models.DateTimeField(null=True, blank=True, help_text="Passed the check")
    screened_out = models.DateTimeField(null=True, blank=True, help_text="Failed the last try")
    practised = models.PositiveIntegerField(default=0, help_text="Practice questions done")
    paused = models.DateTimeField(null=True, blank=True, help_text="By a rule: is asked no more")
    group = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Is asked the items of this group and of none"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "rater"], name="one_enrolment_per_batch_and_rater"
            ),
            models.UniqueConstraint(
                fields=["batch", "ordinal"], name="one_enrolment_per_batch_and_place"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rater} in {self.batch}"


class Exclusion(models.Model):
    """A rule that a rater broke, when, and by how much. What they answered stays.

    A lifted one no longer pauses the rater nor marks their judgments, and stays on record.
    """

    enrolment = models.ForeignKey(Enrolment, models.PROTECT, related_name="exclusions")
    rule = models.CharField(max_length=30)
    value = models.FloatField(help_text="The measure when the rule was broken, 0 to 1")
    n = models.PositiveIntegerField(help_text="Observations that it was taken from")
    limit = models.FloatField()
    pauses = models.BooleanField()
    at = models.DateTimeField()
    lifted = models.DateTimeField(null=True, blank=True)
    lifted_because = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "rule"], name="a_rule_is_broken_once_by_a_rater"
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

    The known answer stands beside the payload, never in it: no page can show it.
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
    gold = models.JSONField(null=True, blank=True, help_text="The known answer, where there is one")
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
    lean = models.IntegerField(
        default=0, help_text="Of these claims: those that show the first key first, less the others"
    )
    group = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Whom it is for, as an opaque number; empty: everybody"
    )
    not_for = models.ManyToManyField(
        Rater, blank=True, related_name="+", help_text="Raters who are never asked it"
    )

    class Meta:
        ordering = ["batch", "position"]
        # All that a claim looks at: the rows themselves are wide.
        indexes = [
            models.Index(
                fields=[
                    *("batch", "claims", "position", "overlap", "lean"),
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
                condition=Q(lean__lte=F("claims")) & Q(lean__gte=-F("claims")),
                name="an_item_leans_by_its_claims_at_most",
            ),
            models.CheckConstraint(
                condition=Q(is_catch=False) | Q(gold__isnull=False),
                name="a_catch_trial_has_a_known_answer",
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
    draft = models.JSONField(null=True, blank=True, help_text="The form as it was last left")
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
    """Judgments, and which of them stand."""

    def standing(self) -> Self:
        """Keep the answers that no later one supersedes: one for each judged assignment."""
        return self.filter(superseded_by=None)


class Judgment(models.Model):
    """An answer. Append-only: an edit is a new row that supersedes the one before it.

    The two unique constraints make the answers to one assignment a line: one first, and at most one
    successor each. A trigger in the database refuses updates.
    """

    key = models.UUIDField(
        unique=True, help_text="Made with the form, so that a resend is one answer"
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
