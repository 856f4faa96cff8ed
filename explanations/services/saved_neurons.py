"""Neurons that people want to find again."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from explanations.models import SavedNeuron, Subject
from explanations.records import NeuronRef


@transaction.atomic
def neuron_save(*, user: AbstractBaseUser, subject: Subject, ref: NeuronRef) -> None:
    """Keep a neuron for a user; once is enough."""
    SavedNeuron.objects.get_or_create(
        user_id=user.pk, subject=subject, layer=ref.layer, index=ref.index
    )


@transaction.atomic
def neuron_unsave(*, user: AbstractBaseUser, subject: Subject, ref: NeuronRef) -> None:
    """Let go of a neuron that a user kept, if it was kept."""
    SavedNeuron.objects.filter(
        user_id=user.pk, subject=subject, layer=ref.layer, index=ref.index
    ).delete()
