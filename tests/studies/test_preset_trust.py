"""What the published designs hold raters to and ask them first; how a researcher changes it."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from annotation.entry import Check, read_entry
from annotation.protocols import PROTOCOLS
from annotation.quality import Rule
from studies.analysis.data.plan import Plan
from studies.design.registered import differences
from studies.design.trust import in_words, read_checks, written_checks
from studies.exports.archive import archive
from studies.models import Study
from studies.presets import PRESETS
from studies.presets.trust import position_bias
from studies.selectors.registrations import design_of
from studies.services.building import study_build
from studies.services.entry import entry_of
from studies.services.lifecycle import study_open
from studies.services.registering import registration_freeze
from tests import factories
from tests.studies.test_study_admin import as_shown, change_url, form_data

NAMES = list(PRESETS)


def false_alarms(rule: Rule, places: int, answers: int) -> float:
    """Return how likely somebody who chooses any place with equal odds breaks the rule (bound)."""
    odds, alarms = {0: 1.0}, 0.0
    for n in range(1, answers + 1):
        later = dict[int, float]()
        for chosen, p in odds.items():
            later[chosen + 1] = later.get(chosen + 1, 0.0) + p / places
            later[chosen] = later.get(chosen, 0.0) + p * (1 - 1 / places)
        beyond = [c for c in later if n >= rule.after and c / n > rule.limit]
        alarms += sum(later.pop(c) for c in beyond)
        odds = later
    return places * alarms


@pytest.mark.parametrize("places", [2, 3, 5, 8])
def test_hardly_anybody_who_chooses_by_content_is_taken_for_one_who_chooses_a_side(
    places: int,
) -> None:
    assert false_alarms(position_bias(places).rule, places, answers=60) < 0.001


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_of_a_design_has_a_reason_and_can_come_into_force(name: str) -> None:
    preset = PRESETS[name]
    for each in preset.rules:
        assert each.reason.strip()
        assert each.rule.after <= preset.items_per_rater
        assert in_words(each.rule)
    assert "agreement_with_others" not in {each.rule.name for each in preset.rules}


@pytest.mark.parametrize("name", NAMES)
def test_practice_is_a_question_of_the_design_whose_known_answer_can_be_given(name: str) -> None:
    preset = PRESETS[name]
    study = Study(preset=name, practises=True, seed=5)
    form = PROTOCOLS[preset.protocol]
    [trial] = read_entry(entry_of(study), form).practice
    payload = form.read(trial.payload)
    assert trial.gold is not None
    right = form.read_gold(payload, trial.gold)
    assert not right({"choice": "nothing"})
    assert trial.why
    if "choice" in trial.gold:
        assert right(trial.gold)


@pytest.mark.parametrize("name", NAMES)
def test_a_design_asks_two_or_three_questions_about_its_instructions(name: str) -> None:
    checks = PRESETS[name].checks
    assert len(checks) in (2, 3)
    assert len({check.right for check in checks}) > 1


@given(
    st.lists(
        st.builds(
            lambda options, right: Check(
                question="Which?", options=tuple(options), right=right % len(options)
            ),
            st.lists(st.sampled_from(["a", "b - c", "+d"]), min_size=2, max_size=4),
            st.integers(0, 3),
        ),
        max_size=3,
    )
)
def test_checks_are_read_as_they_were_written(checks: list[Check]) -> None:
    assert list(read_checks(written_checks(checks))) == checks


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("+ yes", "line 1: write a question before its options"),
        ("Why?\n+ a", "“Why?” needs at least two options"),
        ("Why?\n- a\n- b", "one of them after"),
        ("Why?\n+ a\n+ b", "one of them after"),
    ],
)
def test_a_check_that_cannot_be_is_named(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault.replace("?", r"\?").replace("+", r"\+")):
        read_checks(text)


# --- In the admin ---------------------------------------------------------------------------------


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff"))
    return client


def sent_rule(name: str, **values: Any) -> dict[str, Any]:
    parts = {"percent": "40", "after": "5", "seconds": "0"} | values
    return {f"rules-{name}": "on", **{f"rules-{name}-{key}": v for key, v in parts.items()}}


@pytest.mark.django_db
def test_rules_and_checks_are_set_on_the_study_and_frozen_when_it_is_built(staff: Client) -> None:
    study = factories.study(neurons=2)
    data = form_data(
        **as_shown(study),
        **sent_rule("too_fast", seconds="1.5", pauses="on"),
        **sent_rule("self_consistency"),
        checks="Sure?\n+ yes\n- no",
        practises="on",
    )
    staff.post(change_url(study), data)
    study.refresh_from_db()
    study_build(study=study)
    assert study.batch is not None
    assert study.batch.rules == [
        {"name": "too_fast", "limit": 0.4, "after": 5, "pauses": True, "seconds": 1.5},
        {"name": "self_consistency", "limit": 0.4, "after": 5, "pauses": False},
    ]
    assert study.batch.entry["checks"] == [
        {"question": "Sure?", "options": ["yes", "no"], "right": 0}
    ]
    assert len(study.batch.entry["practice"]) == 1
    page = staff.get(change_url(study)).content.decode()
    assert "are paused and excluded" in page
    assert "Sure?" in page
    assert f"/admin/annotation/batch/{study.batch.pk}/change/" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"percent": "200"}, "limit: must be less than or equal to 1"),
        ({"percent": "many"}, "Too fast: “many” is not a number"),
        ({"seconds": "0"}, "seconds, above 0, belong to too_fast alone"),
        ({"seconds": "1", "after": "0"}, "after: must be greater than or equal to 1"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_on_the_form_with_what_was_typed(
    staff: Client, values: dict[str, str], fault: str
) -> None:
    study = factories.study(neurons=1)
    sent = {**sent_rule("too_fast"), **sent_rule("too_fast", **{"seconds": "1", **values})}
    page = staff.post(change_url(study), form_data(**as_shown(study), **sent)).content.decode()
    assert fault in page
    assert f'value="{values.get("percent", "40")}"' in page


@pytest.mark.django_db
def test_a_new_study_starts_with_the_rules_of_a_comparison(staff: Client) -> None:
    form = staff.get(reverse("admin:studies_study_add")).context["adminform"].form
    names = [rule["name"] for rule in form["rules"].value()]
    assert names == [each.rule.name for each in PRESETS["pairwise"].rules]


@pytest.mark.django_db
def test_rules_are_registered_and_a_later_change_is_told() -> None:
    study = factories.study(neurons=2)
    rule = Rule(name="too_fast", limit=0.4, after=5, seconds=2)
    Study.objects.filter(pk=study.pk).update(rules=[rule.to_json()])
    study.refresh_from_db()
    study_build(study=study)
    assert design_of(study)["rules"] == [rule.to_json()]
    registration_freeze(study=study, plan=Plan(primary="x"), at=timezone.now())
    assert study.batch is not None
    study.batch.rules = []
    study.batch.save()
    registered = json.loads(study.registration.document)["design"]
    [told] = differences(registered, design_of(study))
    assert told.startswith("Rules: registered ")


@pytest.mark.django_db
def test_the_datasheet_lists_the_rules_and_what_was_asked_first(tmp_path: Path) -> None:
    study = factories.study(neurons=2)
    Study.objects.filter(pk=study.pk).update(**PRESETS["pairwise"].trust)
    study.refresh_from_db()
    study_build(study=study)
    study_open(study=study)
    path = tmp_path / "export.zip"
    path.write_bytes(b"".join(archive(study)))
    with ZipFile(path) as export:
        sheet, methods = (export.read(f"{name}.md").decode() for name in ("datasheet", "methods"))
    assert "are paused and excluded. 0 judgments excluded." in sheet
    assert "+ The unit responded strongly to it" in sheet
    assert "1 practice question (not stored)." in sheet
    for text in (sheet, methods):
        assert "more than 30% of answers faster than 3 s" in text
