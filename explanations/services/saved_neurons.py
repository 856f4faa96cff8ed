"""Neurons that users saved."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from explanations.models import SavedNeuron, Subject
from explanations.records import NeuronRef


@transaction.atomic
def neuron_save(*, user: AbstractBaseUser, subject: Subject, ref: NeuronRef) -> None:
    """Save a neuron for a user, once."""
    SavedNeuron.objects.get_or_create(
        user_id=user.pk, subject=subject, layer=ref.layer, index=ref.index
    )


@transaction.atomic
def neuron_unsave(*, user: AbstractBaseUser, subject: Subject, ref: NeuronRef) -> None:
    """Remove a neuron from a user's saved ones, if it is there."""
    SavedNeuron.objects.filter(
        user_id=user.pk, subject=subject, layer=ref.layer, index=ref.index
    ).delete()
