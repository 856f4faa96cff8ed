"""Raters who break a rule are told, paused and kept; gold stays out of sight."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client

from annotation.models import Assignment, Batch, Enrolment, Exclusion, Item, Judgment
from annotation.protocols import PROTOCOLS
from annotation.quality import Rule, self_consistency
from annotation.selectors.raters import excluded_raters
from annotation.selectors.trust import answers_seen
from annotation.services.answers import judgment_submit
from annotation.services.batches import NewItem, batch_create, batch_open, rater_enrol
from annotation.services.claims import assignment_claim, assignment_renew
from annotation.services.errors import InvalidAnswer
from annotation.services.trust import batch_review, exclusion_lift
from tests.annotation.browsing import address, agreed, asked, send
from tests.annotation.conftest import NOON
from tests.annotation.factories import compare_item, open_batch
from tests.refusals import refused

pytestmark = pytest.mark.django_db

GOLD = Rule(name="gold_accuracy", limit=0.7, after=2)
CANARY = "thirteen-canaries"


def gold_batch(*rules: Rule, items: int = 4, **options: Any) -> Batch:
    """Return an open batch in which the tie is known to be right for every item."""
    batch = open_batch(items=items, rules=rules or (GOLD,), **options)
    batch.items.update(gold={"choice": "tie"})
    return batch


def wrong(rater: Client, batch: Batch) -> Assignment:
    """Answer the next question wrongly."""
    assignment = asked(rater, batch)
    assert send(rater, assignment, choice=assignment.order[0]).status_code == HTTPStatus.SEE_OTHER
    return assignment


def test_a_known_answer_is_checked_when_the_batch_is_made() -> None:
    with pytest.raises(ValueError, match="known choice"):
        batch_with(NewItem(compare_item(), 1, gold={"choice": "left"}))
    with pytest.raises(ValueError, match="catch trial"):
        batch_with(NewItem(compare_item(), 1, is_catch=True))
    with pytest.raises(ValueError, match="repeats item 5"):
        batch_with(NewItem(compare_item(), 1, repeats=5))
    assert not Item.objects.exists()


def batch_with(*items: NewItem) -> Batch:
    words = {"title": "t", "consent": "c", "instructions": "i"}
    with transaction.atomic():
        return batch_create(protocol="compare", items=items, items_per_rater=9, **words)


def test_an_item_asked_again_knows_the_first_one() -> None:
    batch = batch_with(NewItem(compare_item(), 1), NewItem(compare_item(), 1, repeats=0))
    first, again = batch.items.order_by("position")
    assert (first.repeats, again.repeats) == (None, first)


def test_an_item_asked_again_under_other_keys_is_compared_by_what_it_shows() -> None:
    first = compare_item()
    texts = [option["text"] for option in first["options"]]
    options = [{"key": "0a", "text": texts[1]}, {"key": "0b", "text": texts[0]}]
    batch = batch_with(NewItem(first, 1), NewItem({**first, "options": options}, 1, repeats=0))
    batch_open(batch=batch)
    rater = rater_enrol(batch=batch, rater=None, at=NOON)
    right = {first["options"][0]["key"], "0b"}  # the same text, under both its keys
    for _ in range(2):
        assignment = assignment_claim(enrolment=rater, at=NOON)
        assert assignment is not None
        (choice,) = right & set(assignment.order)
        answer = {"choice": choice}
        judgment_submit(assignment=assignment, answer=answer, key=uuid4(), seconds=5, at=NOON)
    measured = self_consistency(answers_seen(rater, with_others=False), PROTOCOLS["compare"])
    assert (measured.value, measured.n) == (1.0, 1)


def test_the_known_answer_is_on_no_page_that_a_rater_sees(client: Client) -> None:
    batch = gold_batch()
    batch.items.update(gold={"choice": "tie", "note": CANARY})
    agreed(client, batch)
    pages = [client.get(f"/rate/{batch.token}/{p}") for p in ("", "instructions/", "next/")]
    assert all(CANARY not in page.content.decode() for page in pages)
    assert CANARY not in str([item.payload for item in batch.items.all()])


def test_a_rater_below_the_gold_threshold_is_paused_and_told_why(client: Client) -> None:
    batch = gold_batch()
    agreed(client, batch)
    wrong(client, batch)
    assert not Exclusion.objects.exists()
    wrong(client, batch)
    exclusion = Exclusion.objects.get()
    assert (exclusion.rule, exclusion.value, exclusion.n) == ("gold_accuracy", 0.0, 2)
    page = client.get(f"/rate/{batch.token}/next/")
    assert page.status_code == HTTPStatus.FORBIDDEN
    assert "with a known answer were wrong" in page.content.decode()
    assert "The 2 answers you gave are stored" in page.content.decode()
    assert Judgment.objects.count() == 2


def test_a_rater_is_not_told_why_where_the_study_does_not_say_so(client: Client) -> None:
    batch = gold_batch(tells_raters=False)
    agreed(client, batch)
    wrong(client, batch)
    wrong(client, batch)
    page = client.get(f"/rate/{batch.token}/").content.decode()
    assert "not right" not in page
    assert "Your participation is paused" in page


def test_a_rater_who_is_right_goes_on(client: Client) -> None:
    batch = gold_batch()
    agreed(client, batch)
    for _ in range(4):
        send(client, asked(client, batch))
    assert not Exclusion.objects.exists()


def test_a_rule_that_only_marks_pauses_nobody(client: Client) -> None:
    batch = gold_batch(Rule(name="gold_accuracy", limit=0.7, after=2, pauses=False))
    agreed(client, batch)
    for _ in range(4):
        wrong(client, batch)
    assert Enrolment.objects.get().paused is None
    (rule,) = excluded_raters(batch).items()
    assert rule == ("gold_accuracy", {Enrolment.objects.get().rater_id})


def test_a_paused_rater_can_neither_answer_nor_change_nor_claim(client: Client) -> None:
    batch = gold_batch()
    agreed(client, batch)
    first = wrong(client, batch)
    wrong(client, batch)
    answer = send(client, first, edit="1")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert client.get(address(first)).status_code == HTTPStatus.FORBIDDEN
    enrolment = Enrolment.objects.get()
    assert assignment_claim(enrolment=enrolment, at=NOON) is None
    assert assignment_renew(assignment=first, at=NOON) is None
    assert Judgment.objects.count() == 2


def test_what_a_paused_rater_held_goes_to_others(client: Client) -> None:
    batch = gold_batch(Rule(name="gold_accuracy", limit=0.5, after=2), items=3, overlap=1)
    agreed(client, batch)
    first = asked(client, batch)
    send(client, first)
    wrong(client, batch)
    held = asked(client, batch)
    # Another tab changes an answer to a wrong one while a question is open.
    send(client, first, choice=first.order[0], edit="1")
    held.refresh_from_db()
    held.item.refresh_from_db()
    assert (held.state, held.item.claims) == ("expired", 0)
    assert asked(agreed(Client(), batch), batch).item == held.item


def test_a_lifted_exclusion_lets_the_rater_go_on_and_stays_on_record(client: Client) -> None:
    batch = gold_batch()
    agreed(client, batch)
    wrong(client, batch)
    wrong(client, batch)
    exclusion = Exclusion.objects.get()
    with pytest.raises(InvalidAnswer):
        exclusion_lift(exclusion=exclusion, reason=" ", at=NOON)
    for reason in ("the gold item was wrong", "again"):
        exclusion_lift(exclusion=exclusion, reason=reason, at=NOON)
    exclusion.refresh_from_db()
    assert (exclusion.lifted, exclusion.lifted_because) == (NOON, "the gold item was wrong")
    assert excluded_raters(batch) == {"gold_accuracy": frozenset()}
    wrong(client, batch)
    assert asked(client, batch)


def test_agreement_with_others_is_looked_at_again_when_others_have_answered(client: Client) -> None:
    rule = Rule(name="agreement_with_others", limit=0.5, after=2)
    batch = open_batch(items=2, overlap=2, rules=(rule,))
    agreed(client, batch)
    wrong(client, batch)
    wrong(client, batch)
    assert not Exclusion.objects.exists()
    other = agreed(Client(), batch)
    send(other, asked(other, batch))
    send(other, asked(other, batch))
    assert Exclusion.objects.get().enrolment.ordinal == 1
    assert batch_review(batch=batch, at=NOON) == 1
    assert Exclusion.objects.count() == 2


def test_what_the_rules_see_is_the_answer_that_stands(client: Client) -> None:
    batch = gold_batch()
    agreed(client, batch)
    assignment = wrong(client, batch)
    send(client, assignment, edit="1")
    (seen,) = answers_seen(Enrolment.objects.get(), with_others=False)
    assert (seen.answer["choice"], seen.right) == ("tie", True)


def test_the_database_keeps_reason_and_time_of_lifting_together(client: Client) -> None:
    batch = gold_batch()
    agreed(client, batch)
    wrong(client, batch)
    wrong(client, batch)
    with refused("lifting_an_exclusion_has_a_reason"):
        Exclusion.objects.update(lifted=NOON)


def test_only_who_may_change_exclusions_lifts_one_in_the_admin(client: Client) -> None:
    batch = gold_batch()
    agreed(client, batch)
    wrong(client, batch)
    wrong(client, batch)
    staff = User.objects.create_user("ada", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_exclusion"))
    data = {"action": "lift", "_selected_action": [Exclusion.objects.get().pk]}
    admin = Client()
    admin.force_login(staff)
    admin.post("/admin/annotation/exclusion/", data)
    assert Exclusion.objects.get().lifted is None
    staff.user_permissions.add(Permission.objects.get(codename="change_exclusion"))
    admin.post("/admin/annotation/exclusion/", data)
    assert "by ada" in Exclusion.objects.get().lifted_because


def test_rules_and_entry_are_set_in_the_admin_until_the_first_rater_comes(client: Client) -> None:
    batch = open_batch()
    admin = Client()
    admin.force_login(User.objects.create_superuser("ada"))
    page = f"/admin/annotation/batch/{batch.pk}/change/"
    sent = {"rules": '[{"name": "same_side", "limit": 0.9, "after": 5}]', "lease_seconds": "600"}
    refused = admin.post(page, {**sent, "rules": '[{"name": "charm"}]', "entry": '{"x": 1}'})
    assert "lacks the field" in refused.content.decode()
    assert "unknown field" in refused.content.decode()
    assert admin.post(page, {**sent, "entry": "{}"}).status_code == HTTPStatus.FOUND
    batch.refresh_from_db()
    assert (batch.rules[0]["name"], batch.lease_seconds) == ("same_side", 600)
    agreed(client, batch)
    answer = admin.post(page, {**sent, "rules": "[]", "entry": "{}"})
    assert answer.status_code == HTTPStatus.FORBIDDEN
    batch.refresh_from_db()
    assert len(batch.rules) == 1


def test_what_a_recruiter_needs_is_set_in_fields_beside_the_rest_of_the_entry() -> None:
    batch = open_batch(entry={"checks": [{"question": "?", "options": ["a", "b"], "right": 1}]})
    admin = Client()
    admin.force_login(User.objects.create_superuser("ada"))
    page = f"/admin/annotation/batch/{batch.pk}/change/"
    form = admin.get(page).context["adminform"].form
    assert set(form["entry"].initial) == {"checks"}
    sent = {"rules": "[]", "lease_seconds": "600", "entry": form["entry"].value()}
    prolific = {"recruiter": "prolific", "completed": "DONE1", "leads_back": "on"}
    refused = admin.post(page, {**sent, **prolific, "no_consent": "a b"})
    assert "other characters than letters and digits" in refused.content.decode()
    assert admin.post(page, {**sent, **prolific}).status_code == HTTPStatus.FOUND
    batch.refresh_from_db()
    assert batch.entry == {
        "checks": [{"question": "?", "options": ["a", "b"], "right": 1}],
        "recruiter": "prolific",
        "codes": {"completed": "DONE1"},
        "leads_back": True,
    }
    assert admin.get(page).context["adminform"].form["completed"].value() == "DONE1"


def test_a_draft_with_items_asked_again_can_be_taken_back_whole() -> None:
    batch = batch_with(NewItem(compare_item(), 1), NewItem(compare_item(), 1, repeats=0))
    batch.items.all().delete()
    assert not Item.objects.exists()
