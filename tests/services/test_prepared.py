"""What is asked with every question outlives the server's restart."""

from typing import Any

import psycopg
import pytest
from django.db import connection

from annotation.selectors.raters import enrolment_of
from annotation.services.batches import rater_enrol
from tests.annotation.conftest import NOON
from tests.annotation.factories import open_batch
from tests.services.conftest import Site

pytestmark = pytest.mark.services


@pytest.mark.parametrize("database", ["postgresql"])
def test_a_connection_that_the_server_ended_is_made_anew_for_the_next_request(site: Site) -> None:
    enrolment = rater_enrol(batch=open_batch(), rater=None, at=NOON)
    ours: Any = connection
    with ours.cursor() as cursor:
        (backend,) = cursor.execute("SELECT pg_backend_pid()").fetchone()
    with psycopg.connect(site.database, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (backend,))
    # As Django has it at the beginning of a request.
    ours.health_check_enabled, ours.health_check_done = True, False
    assert enrolment_of(enrolment.batch.token, enrolment.rater.entry_key) == enrolment
