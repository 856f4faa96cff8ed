"""Subjects, corpora, captures, neurons and their activation records."""

from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q

from explanations.ground_truth.pairs import INPUTS
from explanations.models.common import choices, one_of
from explanations.records import NeuronRef, RecordKind, Scale, Split, TokenActivations, unpacked
from explanations.stores.reader import CaptureStore, open_store
from explanations.stores.remote import fetch

ENCODER_HOOKS = ("output.dense", "ffn.lin2", "mlp.Wo")
"""How the hooks end of models without a next token: those of subjects.architectures, which needs
torch and so cannot be imported by the web."""
_NOT_MLPS = ("sae:", "directions:", "functions:")


class Subject(models.Model):
    """What is explained: a model at a revision, as it was loaded."""

    class Audience(models.TextChoices):
        STAFF = "staff", "staff"
        INVITED = "invited", "anyone with the link"
        EVERYONE = "everyone", "everyone"

    name = models.CharField(max_length=200, unique=True)
    source = models.CharField(
        max_length=500,
        help_text="Hub id, folder, or `package:`, `sae:`, `directions:`, `functions:` and a name",
    )
    revision = models.CharField(max_length=100, blank=True)
    hook = models.CharField(
        max_length=200, blank=True, help_text="Module whose input is the neurons' activation"
    )
    dtype = models.CharField(max_length=20, blank=True)
    tokenizer = models.CharField(max_length=200, blank=True)
    layers = models.PositiveIntegerField(default=0, help_text="0: not loaded yet")
    width = models.PositiveIntegerField(default=0, help_text="Neurons in a layer")
    audience = models.CharField(
        max_length=10,
        choices=Audience,
        default=Audience.STAFF,
        help_text="Who may look around in its neurons",
    )
    browse_token = models.UUIDField(
        default=uuid4, unique=True, editable=False, help_text="What an invitation to look holds"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(audience__in=["staff", "invited", "everyone"]),
                name="subject_audience_known",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def no_intervention(self) -> str:
        """Why its neurons cannot be ablated or clamped; empty where they can."""
        if self.source.startswith(_NOT_MLPS):
            return "Only the MLP neurons of a language model can be ablated or clamped."
        if self.hook.endswith(ENCODER_HOOKS):
            return f"{self.name} is an encoder, so there is no next token to predict."
        return ""

    @property
    def is_functions(self) -> bool:
        """Whether its neurons are functions of numbers or strings, and records hold pairs."""
        return self.tokenizer == INPUTS


class Corpus(models.Model):
    """A text, dealt into splits by document under one seed."""

    name = models.CharField(max_length=200)
    digest = models.CharField(max_length=64, help_text="SHA-256 of the documents in order")
    seed = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "corpora"
        constraints = [
            models.UniqueConstraint(fields=["digest", "seed"], name="one_corpus_per_text_and_seed")
        ]

    def __str__(self) -> str:
        return self.name


class Document(models.Model):
    """One text of a corpus. The split is the document's, so no two splits can share one."""

    corpus = models.ForeignKey(Corpus, models.CASCADE, related_name="documents")
    key = models.CharField(max_length=200)
    split = models.CharField(max_length=10, choices=choices(Split))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["corpus", "key"], name="one_document_per_corpus_and_key"
            ),
            models.CheckConstraint(condition=one_of("split", Split), name="document_split_known"),
        ]

    def __str__(self) -> str:
        return self.key


class Capture(models.Model):
    """One pass of a subject over a corpus, kept in files under `directory`."""

    subject = models.ForeignKey(Subject, models.CASCADE, related_name="captures")
    corpus = models.ForeignKey(Corpus, models.PROTECT, related_name="captures")
    text_path = models.CharField(max_length=500, help_text="File, folder or data set")
    window = models.PositiveIntegerField(default=64, help_text="Tokens in a record")
    token_limit = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Where to stop reading; all is read without"
    )
    shards = models.PositiveIntegerField(default=1, help_text="Parts that workers share")
    directory = models.CharField(max_length=500)
    tokens = models.PositiveBigIntegerField(default=0)
    seconds = models.FloatField(default=0.0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "corpus", "window", "token_limit"],
                name="one_capture_per_subject_corpus_window_limit",
            ),
            # SQLite cannot treat nulls as equal, so captures of a whole text have their own rule.
            models.UniqueConstraint(
                fields=["subject", "corpus", "window"],
                condition=Q(token_limit=None),
                name="one_whole_capture_per_subject_corpus_window",
            ),
            models.CheckConstraint(
                condition=Q(shards__gte=1), name="capture_has_at_least_one_shard"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} over {self.corpus}"

    def store(self) -> CaptureStore:
        """Open what was captured, fetched if it lies elsewhere; `StoreError` where it is not."""
        return open_store(fetch(self.directory, cache=Path(settings.CAPTURE_CACHE)))


class Neuron(models.Model):
    """One scalar unit of a subject, with what its capture says about it as a whole."""

    subject = models.ForeignKey(Subject, models.CASCADE, related_name="neurons")
    capture = models.ForeignKey(
        Capture, models.PROTECT, null=True, blank=True, related_name="neurons"
    )
    layer = models.PositiveIntegerField()
    index = models.PositiveIntegerField()
    maximum = models.FloatField(help_text="Highest raw activation over the whole capture")
    mean = models.FloatField(null=True, blank=True, help_text="Mean raw activation per token")
    firing_rate = models.FloatField(null=True, blank=True, help_text="Share of tokens above 0")

    class Meta:
        ordering = ["subject", "layer", "index"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "layer", "index"], name="one_neuron_per_subject_layer_index"
            ),
            models.CheckConstraint(
                condition=Q(firing_rate__isnull=True) | Q(firing_rate__range=(0, 1)),
                name="firing_rate_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} L{self.layer}/{self.index}"

    @property
    def ref(self) -> NeuronRef:
        """Its layer and index."""
        return NeuronRef(layer=self.layer, index=self.index)


class Record(models.Model):
    """A token window with one neuron's raw activations on it (float32, little-endian)."""

    neuron = models.ForeignKey(Neuron, models.CASCADE, related_name="records")
    document = models.ForeignKey(Document, models.CASCADE, related_name="records")
    start = models.PositiveIntegerField(help_text="First token's position in its document")
    kind = models.CharField(max_length=10, choices=choices(RecordKind))
    quantile = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="0: lowest quarter"
    )
    tokens = models.JSONField()
    values = models.BinaryField()
    peak = models.FloatField()

    class Meta:
        ordering = ["neuron", "-peak", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["neuron", "document", "start"], name="one_record_per_neuron_and_window"
            ),
            models.CheckConstraint(condition=one_of("kind", RecordKind), name="record_kind_known"),
            models.CheckConstraint(
                condition=Q(kind=RecordKind.QUANTILE, quantile__isnull=False, quantile__lte=3)
                | (~Q(kind=RecordKind.QUANTILE) & Q(quantile__isnull=True)),
                name="quantile_exactly_for_quantile_records",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.neuron} {self.kind} {self.document}+{self.start}"

    @property
    def excerpt(self) -> TokenActivations:
        """The record as a value, on the raw scale."""
        return TokenActivations(
            tokens=tuple(self.tokens),
            activations=unpacked(self.values),
            scale=Scale.RAW,
        )
