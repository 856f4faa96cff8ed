"""Analyses: asked for, leased, stored or failed, and asked for again as answers come in."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from explanations.models import Score
from studies import tasks
from studies.analysis.results import analyse as compute
from studies.models import Analysis
from studies.selectors.pages import freshness
from studies.selectors.tables import study_tables
from studies.services.analyses import (
    analysis_claim,
    analysis_renew,
    analysis_request,
    analysis_store,
    analysis_tell,
)
from studies.services.lifecycle import study_close
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Collect the messages that would go to the broker."""
    messages: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        "celery.current_app.send_task", lambda name, args, **_: messages.append((name, *args))
    )
    return messages


def test_an_analysis_stores_results_figures_and_how_many_answers_it_saw() -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "fancy", "tie"])
    asked = analysis_request(study=study, at=timezone.now())
    assert tasks.analyse(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.answers, asked.lease) == (Analysis.State.DONE, 3, None)
    assert asked.results is not None
    assert asked.results["n_judgments"] == 3
    # "fancy" scores .6 and "plain" .3, and won both decided votes.
    assert asked.results["details"]["scorers"][0]["agreement"]["strict"]["value"] == 1.0
    assert {"gap", "scorers", "methods", "leaderboard", "sensitivity"} <= set(asked.figures)


def test_asking_twice_is_one_analysis_and_doing_it_twice_is_doing_it_once() -> None:
    study = factories.open_study()
    first = analysis_request(study=study, at=timezone.now())
    assert analysis_request(study=study, at=timezone.now()) == first
    assert tasks.analyse(first.pk)
    assert not tasks.analyse(first.pk)


def test_a_second_worker_finds_nothing_to_claim_until_the_lease_has_run_out() -> None:
    at = timezone.now()
    asked = analysis_request(study=factories.open_study(), at=at)
    assert analysis_claim(analysis_id=asked.pk, at=at)
    assert analysis_claim(analysis_id=asked.pk, at=at) is None
    assert analysis_claim(analysis_id=asked.pk, at=at + timedelta(hours=1))


def test_a_worker_whose_lease_was_taken_over_stores_nothing() -> None:
    at = timezone.now()
    asked = analysis_request(study=factories.open_study(), at=at)
    late = analysis_claim(analysis_id=asked.pk, at=at)
    analysis_claim(analysis_id=asked.pk, at=at + timedelta(hours=1))
    assert late is not None
    assert not analysis_store(
        lease=late, results={}, figures={}, answers=0, scores="", seconds=0.0, at=at
    )


def test_a_worker_that_renews_its_lease_keeps_it_and_says_how_far_it_is() -> None:
    at = timezone.now()
    asked = analysis_request(study=factories.open_study(), at=at)
    lease = analysis_claim(analysis_id=asked.pk, at=at)
    assert lease is not None
    assert analysis_tell(lease=lease, stage="conditions", share=0.35)
    almost = at + timedelta(seconds=settings.LEASE_SECONDS - 1)
    assert analysis_renew(lease=lease, at=almost)
    later = almost + timedelta(seconds=2)
    assert analysis_claim(analysis_id=asked.pk, at=later) is None
    asked.refresh_from_db()
    assert (asked.stage, asked.share) == ("conditions", 0.35)


def test_a_worker_without_the_lease_renews_and_says_nothing() -> None:
    at = timezone.now()
    asked = analysis_request(study=factories.open_study(), at=at)
    late = analysis_claim(analysis_id=asked.pk, at=at)
    analysis_claim(analysis_id=asked.pk, at=at + timedelta(hours=1))
    assert late is not None
    assert not analysis_renew(lease=late, at=at)
    assert not analysis_tell(lease=late, stage="s", share=0.5)


def test_a_page_that_waits_says_what_the_worker_does(admin_client: Client) -> None:
    at = timezone.now()
    study = factories.open_study()
    asked = analysis_request(study=study, at=at)
    lease = analysis_claim(analysis_id=asked.pk, at=at)
    assert lease is not None
    analysis_tell(lease=lease, stage="raters one by one", share=0.75)
    page = admin_client.get(reverse("studies:results", args=[study.slug])).content.decode()
    assert "Raters one by one" in page
    assert 'value="0.75"' in page
    told = admin_client.get(reverse("studies:api-results", args=[study.slug])).json()
    assert (told["analysis"]["stage"], told["analysis"]["share"]) == ("raters one by one", 0.75)


def test_stages_go_from_first_to_last_and_their_shares_only_grow() -> None:
    study = factories.open_study()
    factories.judged(study, ["fancy"])
    told: list[tuple[str, float]] = []
    compute(study_tables(study), progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert len(set(told)) == len(told) > 3


@pytest.mark.usefixtures("sent")
def test_results_of_an_earlier_form_are_computed_anew() -> None:
    study = factories.open_study()
    factories.judged(study, ["fancy"])
    tasks.analyse(analysis_request(study=study, at=timezone.now()).pk)
    analysis = Analysis.objects.get()
    assert analysis.results is not None
    old = {**analysis.results, "version": 1}
    Analysis.objects.update(results=old, requested=timezone.now() - timedelta(minutes=1))
    tasks.sweep()
    assert Analysis.objects.get().state == Analysis.State.OPEN


def test_an_analysis_that_kills_its_workers_is_given_up_with_a_reason() -> None:
    at = timezone.now()
    asked = analysis_request(study=factories.open_study(), at=at)
    for hour in range(4):
        analysis_claim(analysis_id=asked.pk, at=at + timedelta(hours=hour))
    asked.refresh_from_db()
    assert asked.state == Analysis.State.FAILED
    assert "3 times" in asked.reason


def test_an_analysis_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(tasks, "compute", fail)
    asked = analysis_request(study=factories.open_study(), at=timezone.now())
    with pytest.raises(MemoryError):
        tasks.analyse(asked.pk)
    asked.refresh_from_db()
    assert (asked.state, asked.reason) == (Analysis.State.FAILED, "MemoryError: no room")


def test_earlier_results_stay_while_new_ones_are_made() -> None:
    study = factories.open_study()
    asked = analysis_request(study=study, at=timezone.now())
    tasks.analyse(asked.pk)
    again = analysis_request(study=study, at=timezone.now())
    assert again.state == Analysis.State.OPEN
    assert again.results is not None


@pytest.mark.usefixtures("sent")
def test_the_sweep_asks_for_results_once_answers_come_in_and_not_before() -> None:
    study = factories.open_study()
    tasks.sweep()
    assert not Analysis.objects.exists()
    factories.judged(study, ["fancy"])
    tasks.sweep()
    assert Analysis.objects.get().state == Analysis.State.OPEN


def test_the_sweep_sends_for_one_worker_until_some_time_has_passed(
    sent: list[tuple[Any, ...]], django_capture_on_commit_callbacks: Any
) -> None:
    factories.judged(factories.open_study(), ["fancy"])
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep()
        tasks.sweep()
    [analysis] = Analysis.objects.all()
    assert sent == [("studies.tasks.analyse", analysis.pk)]


@pytest.mark.usefixtures("sent")
def test_answers_given_while_the_last_analysis_ran_are_analysed_after_closing() -> None:
    at = timezone.now() - timedelta(minutes=1)
    study = factories.open_study()
    factories.judged(study, ["fancy"])
    asked = analysis_request(study=study, at=at)
    lease = analysis_claim(analysis_id=asked.pk, at=at)
    assert lease is not None
    factories.judged(study, ["plain"])
    study_close(study=study, at=at)
    analysis_store(lease=lease, results={}, figures={}, answers=1, scores="", seconds=0.0, at=at)
    tasks.sweep()
    assert Analysis.objects.get().state == Analysis.State.OPEN


@pytest.mark.usefixtures("sent")
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_scores_that_arrive_after_the_judgments_reach_the_results(*, closed: bool) -> None:
    study = factories.open_study()
    factories.judged(study, ["fancy"])
    if closed:
        study_close(study=study, at=timezone.now())
    tasks.analyse(analysis_request(study=study, at=timezone.now()).pk)
    Analysis.objects.update(requested=timezone.now() - timedelta(minutes=1))
    tasks.sweep()
    assert Analysis.objects.get().state == Analysis.State.DONE
    later = factories.method("scorer", "later")
    for score in list(Score.objects.all()):
        Score.objects.create(explanation=score.explanation, method=later, value=0.1, n=1)
    assert freshness(study).new_scores
    tasks.sweep()
    assert tasks.analyse(Analysis.objects.get().pk)
    assert len((Analysis.objects.get().results or {})["scorers"]) == 2
    assert not freshness(study).new_scores


@pytest.mark.usefixtures("sent")
def test_a_running_study_is_not_analysed_again_within_seconds() -> None:
    study = factories.open_study()
    factories.judged(study, ["fancy"])
    tasks.analyse(analysis_request(study=study, at=timezone.now()).pk)
    factories.judged(study, ["plain"])
    tasks.sweep()
    assert Analysis.objects.get().state == Analysis.State.DONE
    Analysis.objects.update(requested=timezone.now() - timedelta(minutes=1))
    tasks.sweep()
    assert Analysis.objects.get().state == Analysis.State.OPEN


def test_the_command_computes_results_without_a_worker(capsys: pytest.CaptureFixture[str]) -> None:
    study = factories.open_study()
    factories.judged(study, ["fancy", "fancy"], synthetic=True)
    call_command("analyse", study.slug)
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("Synthetic judgments: 2 of 2")
    assert told[1].startswith("Raters preferred the explanation with the higher correlation score")


def test_the_command_refuses_a_study_that_does_not_exist() -> None:
    with pytest.raises(CommandError, match="'nothing'"):
        call_command("analyse", "nothing")
