"""A small study for raters."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from annotation.models import Batch, Enrolment
from annotation.services.batches import rater_enrol
from tests.annotation.browsing import agreed
from tests.annotation.factories import open_batch

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def batch(db: None) -> Batch:
    """Return an open batch of six comparisons, two judgments each."""
    return open_batch(items=6, overlap=2)


@pytest.fixture
def enrol(batch: Batch) -> Callable[..., Enrolment]:
    """Return a way to enrol a new rater in the batch."""

    def enrol(into: Batch | None = None) -> Enrolment:
        return rater_enrol(batch=into or batch, rater=None, at=NOON)

    return enrol


@pytest.fixture
def rater(client: Client, batch: Batch) -> Client:
    """Return the browser of somebody who has agreed."""
    return agreed(client, batch)
