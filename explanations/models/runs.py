"""Work on neurons: runs and their targets. The database is the truth about what is left."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from explanations.models.common import Leased
from explanations.models.explanations import Explanation, Method, Simulation
from explanations.models.neurons import Capture, Neuron


class Run(models.Model):
    """One batch of work. Its unfinished targets are the work that is left."""

    class Kind(models.TextChoices):
        CAPTURE = "capture"
        EXPLAIN = "explain"
        SIMULATE = "simulate"
        SCORE = "score"

    class Queue(models.TextChoices):
        GPU = "gpu", "GPU"
        LLM = "llm", "language model"
        CPU = "cpu", "CPU"

    kind = models.CharField(max_length=10, choices=Kind)
    queue = models.CharField(max_length=3, choices=Queue)
    method = models.ForeignKey(Method, models.PROTECT, null=True, blank=True, related_name="runs")
    capture = models.ForeignKey(Capture, models.PROTECT, null=True, blank=True, related_name="runs")
    created = models.DateTimeField(db_default=Now())
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)
    budget = models.FloatField(
        null=True, blank=True, help_text="US dollars that its calls may cost; no limit without"
    )
    dollars = models.FloatField(
        default=0.0, help_text="What its calls cost so far, those tried again included"
    )
    halted = models.CharField(
        max_length=300, blank=True, help_text="Why it was halted, such as a spent budget"
    )
    ticket = models.UUIDField(
        null=True, editable=False, help_text="The one message that may call a worker to it"
    )
    ticket_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ticket=None, ticket_until=None)
                | Q(ticket__isnull=False, ticket_until__isnull=False),
                name="a_ticket_expires",
            ),
            models.CheckConstraint(
                condition=Q(kind="capture", capture__isnull=False, method__isnull=True)
                | (
                    Q(kind__in=["explain", "simulate", "score"])
                    & Q(capture__isnull=True, method__isnull=False)
                ),
                name="run_has_a_capture_or_a_method",
            ),
            models.CheckConstraint(
                condition=Q(queue__in=["gpu", "llm", "cpu"]), name="run_queue_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.method or self.capture}"


class Target(Leased):
    """One thing a run must do. It ends as a result or as a failure, once.

    A shard to capture, a neuron to explain, an explanation to simulate, a simulation to score.
    """

    class State(models.TextChoices):
        OPEN = "open"
        DONE = "done"
        FAILED = "failed"

    run = models.ForeignKey(Run, models.CASCADE, related_name="targets")
    method = models.ForeignKey(Method, models.PROTECT, null=True, related_name="targets")
    shard = models.PositiveIntegerField(null=True)
    last = models.BooleanField(
        default=False, help_text="Waits until every other target of its run is done"
    )
    neuron = models.ForeignKey(Neuron, models.CASCADE, null=True, related_name="targets")
    explanation = models.ForeignKey(Explanation, models.CASCADE, null=True, related_name="targets")
    simulation = models.ForeignKey(Simulation, models.CASCADE, null=True, related_name="targets")
    state = models.CharField(max_length=6, choices=State, default=State.OPEN)
    progress = models.FloatField(default=0.0, help_text="Share done, for long targets")
    finished = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it failed")
    raw = models.TextField(blank=True, help_text="What came back instead of a result")
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0.0)
    dollars = models.FloatField(default=0.0)

    class Meta:
        indexes = [
            models.Index(fields=["run", "id"], condition=Q(state="open"), name="targets_to_claim"),
            models.Index(
                fields=["lease"], condition=Q(lease__isnull=False), name="targets_of_a_lease"
            ),
            models.Index(fields=["run", "state"], name="targets_by_outcome"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["run", "shard"], name="one_target_per_run_and_shard"),
            models.UniqueConstraint(
                fields=["method", "neuron"], name="one_outcome_per_method_and_neuron"
            ),
            models.UniqueConstraint(
                fields=["method", "explanation"], name="one_outcome_per_method_and_explanation"
            ),
            models.UniqueConstraint(
                fields=["method", "simulation"], name="one_outcome_per_method_and_simulation"
            ),
            models.CheckConstraint(
                condition=(
                    Q(
                        shard__isnull=False,
                        method=None,
                        neuron=None,
                        explanation=None,
                        simulation=None,
                    )
                    | Q(
                        shard=None,
                        method__isnull=False,
                        neuron__isnull=False,
                        explanation=None,
                        simulation=None,
                    )
                    | Q(
                        shard=None,
                        method__isnull=False,
                        neuron=None,
                        explanation__isnull=False,
                        simulation=None,
                    )
                    | Q(
                        shard=None,
                        method__isnull=False,
                        neuron=None,
                        explanation=None,
                        simulation__isnull=False,
                    )
                ),
                name="target_is_exactly_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(state="failed", finished__isnull=False) & ~Q(reason="")
                | Q(state="done", finished__isnull=False, reason="")
                | Q(state="open", finished=None, reason=""),
                name="target_failed_exactly_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(lease=None, leased_until=None)
                | Q(lease__isnull=False, leased_until__isnull=False, state="open"),
                name="only_open_targets_are_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run}: {self.about}"

    @property
    def about(self) -> str:
        """A description of its object."""
        return str(self.neuron or self.explanation or self.simulation or f"shard {self.shard}")


class Call(models.Model):
    """One question to a language model and what it gave: paid for once, however often it is read.

    A target's dialogue asks in a fixed order, so a worker that takes one over plays it again from
    these up to where it was cut off. The log probabilities take much room and are of no use once
    the target has its result: they are dropped then.
    """

    target = models.ForeignKey(Target, models.CASCADE, related_name="calls")
    place = models.PositiveIntegerField(help_text="How many questions the target asked before")
    digest = models.CharField(max_length=64, help_text="SHA-256 of model and question")
    model = models.CharField(max_length=200)
    reply = models.JSONField(null=True, help_text="The answer; nothing where there was none")
    logprobs = models.JSONField(
        null=True, help_text="The answer's log probabilities, until its target is done"
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why there is no answer")
    raw = models.TextField(blank=True, help_text="What came back instead of an answer")
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    dollars = models.FloatField(null=True, help_text="Nothing where the model has no price")
    seconds = models.FloatField(default=0.0)
    void = models.BooleanField(
        default=False, help_text="Paid for and no longer read: asked again, or come too late"
    )
    created = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["target", "place"],
                condition=Q(void=False),
                name="one_call_per_target_place",
            ),
            models.CheckConstraint(
                condition=Q(reply__isnull=False, reason="")
                | (Q(reply__isnull=True) & ~Q(reason="")),
                name="call_has_a_reply_or_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.target}: question {self.place}"
