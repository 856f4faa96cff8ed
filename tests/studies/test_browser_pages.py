"""Anyone who is let in can walk from a subject to any neuron and see what makes it respond."""

import gzip
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from explanations.models import Neuron, Subject
from explanations.models.neurons import ENCODER_HOOKS
from explanations.records import Split
from explanations.subjects.architectures import ARCHITECTURES
from tests import factories
from tests.studies.lettered import captured_subject, relate

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject(tmp_path: Path) -> Subject:
    return captured_subject(tmp_path)


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(f"/neurons/{path}")
    assert answer.status_code == status, path
    return answer.content.decode()


def imported(records: int = 2, **values: Any) -> Neuron:
    """Make a neuron of an open subject that nobody captured."""
    neuron = factories.neuron(subject=factories.subject(audience="everyone"), **values)
    for number in range(records):
        factories.record(neuron, activations=(0, 0, 8 - number / 10, 1))
    return neuron


def address(neuron: Neuron) -> str:
    return f"{neuron.subject.name}/{neuron.layer}/{neuron.index}/"


# --- Subject and layers ---------------------------------------------------------------------------


def test_a_subject_shows_what_was_captured_and_its_layers(client: Client, subject: Subject) -> None:
    shown = page(client, "letters/")
    assert "short texts: 28 documents" in shown
    assert 'href="/neurons/letters/0/"' in shown
    assert "67%" in shown  # two of three neurons fire


@pytest.mark.parametrize("asked", ["0/2", "L0/2", " 0/2 "])
def test_whoever_types_a_layer_and_an_index_gets_there(
    client: Client, subject: Subject, asked: str
) -> None:
    assert client.get("/neurons/letters/", {"to": asked})["Location"] == "/neurons/letters/0/2/"


@pytest.mark.parametrize("asked", ["9/9", "nowhere", "0/0-2", "0/99999999999999999999"])
def test_a_neuron_that_is_not_there_is_said_to_be_none(
    client: Client, subject: Subject, asked: str
) -> None:
    answer = client.get("/neurons/letters/", {"to": asked})
    assert answer.status_code == 404
    assert f"There is no neuron “{asked}” here" in answer.content.decode()


def test_the_lucky_find_a_neuron_that_fires_and_no_cache_keeps_it(
    client: Client, subject: Subject
) -> None:
    answers = [client.get("/neurons/letters/lucky/") for _ in range(40)]
    assert {a["Location"] for a in answers} == {"/neurons/letters/0/0/", "/neurons/letters/0/2/"}
    assert all("no-store" in a["Cache-Control"] for a in answers)


def test_the_lucky_of_an_import_find_a_neuron_that_fires(client: Client) -> None:
    neuron = imported()
    factories.neuron(subject=neuron.subject, maximum=0.0)
    for _ in range(10):
        answer = client.get(f"/neurons/{neuron.subject.name}/lucky/")
        assert answer["Location"] == f"/neurons/{address(neuron)}"


def test_without_a_neuron_that_fires_the_lucky_are_led_back(client: Client) -> None:
    dead = imported(records=0, maximum=0.0)
    answer = client.get(f"/neurons/{dead.subject.name}/lucky/")
    assert answer["Location"] == f"/neurons/{dead.subject.name}/"


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "012"),
        ("?order=down", "210"),
        ("?sort=maximum&order=down", "201"),
        ("?sort=maximum", "102"),
        ("?sort=mean", "102"),
        ("?sort=nonsense", "012"),
    ],
)
def test_a_layer_is_sorted_as_asked(
    client: Client, subject: Subject, query: str, order: str
) -> None:
    shown = page(client, f"letters/0/{query}")
    assert re.findall(r'href="/neurons/letters/0/(\d)/"', shown) == list(order)


def test_a_layer_of_an_import_is_sorted_too_and_comes_in_pages(client: Client) -> None:
    subject = factories.subject(audience="everyone")
    factories.neurons(60, subject=subject)
    Neuron.objects.filter(subject=subject, index=59).update(maximum=99.0)
    shown = page(client, f"{subject.name}/0/?sort=maximum&order=down")
    rows = re.findall(rf'href="/neurons/{subject.name}/0/(\d+)/"', shown)
    assert (rows[0], len(rows)) == ("59", 50)
    assert "Page 1 of 2" in shown
    assert "page=2" in shown
    assert len(re.findall(r"/0/\d+/\"", page(client, f"{subject.name}/0/?page=2"))) == 10
    page(client, f"{subject.name}/0/?page=3", status=404)


def test_a_layer_says_what_each_neuron_is_best_explained_by(
    client: Client, subject: Subject
) -> None:
    neuron = factories.neuron(subject=subject, layer=0, index=0)
    control = factories.method(name="null")
    factories.explanation(neuron, "of another", author_kind="control", method=control)
    factories.explanation(neuron, "vowels <b>")
    shown = page(client, "letters/0/")
    assert "vowels &lt;b&gt;" in shown
    assert "of another" not in shown


def test_a_layer_shows_the_tokens_of_neurons_that_nobody_explained(
    client: Client, subject: Subject
) -> None:
    shown = page(client, "letters/0/")
    assert "u · o · i" in shown
    assert "Best explanation, or tokens" in shown


def test_a_layer_that_is_not_there_is_not_found(client: Client, subject: Subject) -> None:
    page(client, "letters/1/", status=404)


# --- A neuron -------------------------------------------------------------------------------------


def test_a_neuron_that_only_the_files_know_is_shown(client: Client, subject: Subject) -> None:
    assert not Neuron.objects.exists()
    shown = page(client, "letters/0/0/")
    assert "Highest peaks" in shown
    assert "Random sample" in shown
    assert '<mark class="l10" title="5">u</mark>' in shown
    for figure in ("Variance", "Skewness", "Kurtosis", "Firing rate"):
        assert figure in shown
    assert "No explanations yet." in shown


def test_an_imported_neuron_is_shown_from_the_database(client: Client) -> None:
    neuron = imported(mean=0.25, firing_rate=0.5)
    shown = page(client, address(neuron))
    assert "red <mark" in shown
    assert "0.25" in shown
    assert "Variance" not in shown
    assert "Related" not in shown


def test_a_neuron_without_records_or_explanations_says_so(client: Client) -> None:
    shown = page(client, address(imported(records=0)))
    assert "No records of this neuron are stored." in shown


def test_a_neuron_that_never_fires_says_so(client: Client, subject: Subject) -> None:
    shown = page(client, "letters/0/1/")
    assert "It never fired" in shown
    assert "\N{MINUS SIGN}0.5" in shown
    assert "<mark" not in shown.split('class="records"')[1].split("</ol>")[0]
    assert "It never fired" not in page(client, "letters/0/0/")


def test_an_import_with_records_of_its_own_is_shown_as_it_came(
    client: Client, subject: Subject
) -> None:
    neuron = factories.neuron_with_records(subject=subject, layer=0, index=0)
    assert "many <mark" in page(client, address(neuron))


def test_only_the_first_records_are_shown_until_more_are_asked_for(client: Client) -> None:
    neuron = imported(records=9)
    shown = page(client, address(neuron))
    assert shown.count('<p class="tokens"') == 5
    assert "4 more" in shown
    assert 'href="?more=top#top"' in shown
    assert page(client, address(neuron) + "?more=top").count('<p class="tokens"') == 9


def test_records_of_one_split_alone_can_be_looked_at(client: Client) -> None:
    neuron = imported()
    factories.record(neuron, split=Split.SCORE, tokens=("held ", "out"), activations=(0, 4))
    everything = page(client, address(neuron))
    assert "held <mark" in everything
    assert "Held out for scoring 1" in everything
    assert "held <mark" not in page(client, address(neuron) + "?split=explain")
    assert "red <mark" not in page(client, address(neuron) + "?split=score")


def test_of_quarters_the_first_of_each_is_shown(client: Client) -> None:
    neuron = imported(records=0)
    for quarter in (0, 1, 2, 3) * 2:
        factories.record(neuron, kind="quantile", quantile=quarter, activations=(0, 0, quarter, 0))
    shown = page(client, address(neuron))
    names = re.findall(r"(highest|third|second|lowest) quarter", shown)
    assert names == ["highest", "third", "second", "lowest"]


def test_neighbours_lead_on_and_end_where_the_subject_ends(
    client: Client, subject: Subject
) -> None:
    first, middle, last = (page(client, f"letters/0/{index}/") for index in range(3))
    assert 'rel="prev"' not in first
    assert re.search(r'rel="next"\s+href="/neurons/letters/0/1/"', first)
    assert re.search(r'rel="prev"\s+href="/neurons/letters/0/0/"', middle)
    assert 'rel="next"' not in last


def test_neighbours_of_an_import_are_those_in_the_database(client: Client) -> None:
    neuron = imported(layer=0, index=7)
    factories.neuron(subject=neuron.subject, layer=1, index=2)
    shown = page(client, address(neuron))
    assert re.search(rf'rel="next"\s+href="/neurons/{neuron.subject.name}/1/2/"', shown)
    assert 'rel="prev"' not in shown


def test_a_name_may_hold_slashes_capitals_and_spaces(client: Client, tmp_path: Path) -> None:
    captured_subject(tmp_path, name="Qwen/Qwen2-0.5B chat")
    listed = page(client, "")
    assert 'href="/neurons/Qwen/Qwen2-0.5B%20chat/"' in listed
    assert "Neuron 0/2" in page(client, "Qwen/Qwen2-0.5B%20chat/0/2/")


def test_explanations_say_who_wrote_them_how_they_scored_and_what_people_preferred(
    client: Client,
) -> None:
    study = factories.open_study(neurons=1)
    factories.judged(study, ["fancy"])
    factories.judged(study, ["tie"], synthetic=True)
    neuron = study.neurons.get()
    Subject.objects.update(audience="everyone")
    shown = re.sub(r"\s+", " ", page(client, address(neuron)))
    assert "by a language model · fancy" in shown
    assert "Correlation 0.60" in shown
    assert "Preferred in 1 of 2 comparisons, tied in 1" in shown
    assert "Preferred in 0 of 2 comparisons, tied in 1" in shown
    assert "(1 synthetic)" in shown


def test_a_simulation_stands_below_what_really_happened(client: Client) -> None:
    neuron = imported(records=0)
    held_out = factories.record(neuron, split=Split.SCORE, activations=(0, 0, 5, 0))
    simulation = factories.simulation(factories.explanation(neuron))
    factories.simulated_record(simulation, held_out, (0, 0, 0, 7))
    other = factories.simulation(factories.explanation(neuron, "water"))
    shown = page(client, address(neuron)).split('id="simulated"')[1]
    real, simulated = re.findall(r'<p class="tokens".*?</p>', shown, re.DOTALL)
    assert '<mark class="l5" title="5">fish</mark>' in real
    assert '<mark class="l7" title="7">swims</mark>' in simulated
    assert f"?simulation={other.pk}#simulated" in shown
    chosen = page(client, address(neuron) + f"?simulation={other.pk}")
    assert "This simulation has no records." in chosen


def test_a_record_that_could_not_be_simulated_says_why(client: Client) -> None:
    neuron = imported(records=0)
    record = factories.record(neuron, split=Split.SCORE)
    simulation = factories.simulation(factories.explanation(neuron))
    simulation.records.create(record=record, values=None, reason="no digit came back")
    assert "No simulation: no digit came back" in page(client, address(neuron))


def test_what_comes_from_a_text_is_never_markup(client: Client) -> None:
    neuron = imported(records=0)
    factories.record(neuron, tokens=("<script>", "x"), activations=(9, 0))
    factories.explanation(neuron, "<script>alert(1)</script>")
    shown = page(client, address(neuron))
    assert "<script>alert" not in shown
    assert "&lt;script&gt;" in shown


def test_related_neurons_are_links_with_what_is_said_about_them(
    client: Client, subject: Subject, tmp_path: Path
) -> None:
    relate(tmp_path)
    factories.explanation(factories.neuron(subject=subject, layer=0, index=2), "later letters")
    shown = page(client, "letters/0/0/").split('id="related"')[1]
    assert shown.count('href="/neurons/letters/0/2/"') == 2
    assert shown.count("later letters") == 2
    unexplained = page(client, "letters/0/2/").split('id="related"')[1]
    assert unexplained.count("u · o · i") == 2
    assert "0.75" in shown
    assert shown.count("Undefined: one layer has nothing before or after it") == 2
    alone = page(client, "letters/0/1/").split('id="related"')[1]
    assert alone.count("None.") == 2


def test_tokens_are_listed_by_mean_and_by_weight(
    client: Client, subject: Subject, tmp_path: Path
) -> None:
    relate(tmp_path)
    shown = page(client, "letters/0/0/")
    assert '<span class="space">␣</span>fish</bdi>' in shown
    assert "Undefined: nothing is predicted" in shown
    means = shown.split('id="token-means"')[1].split("</section>")[0]
    # A vowel's activation is its place among them: u is the fifth.
    assert re.findall(r'class="token">(.)<', means)[:2] == ["u", "o"]


def test_the_spread_is_drawn_with_a_table_behind_it(client: Client, subject: Subject) -> None:
    shown = page(client, "letters/0/0/")
    assert "How often the neuron has which activation" in shown
    table = shown.split("Table: activations")[1].split("</table>")[0]
    counted = [int(n) for n in re.findall(r'number">([\d,]+)</td>\s*</tr>', table)]
    assert f"over {sum(counted):,} tokens" in re.sub(r"\s+", " ", shown)


def test_a_capture_that_was_never_related_shows_no_relatives(
    client: Client, subject: Subject
) -> None:
    assert 'id="related"' not in page(client, "letters/0/0/")


def test_a_capture_whose_files_are_gone_leaves_what_the_database_knows(
    client: Client, subject: Subject, tmp_path: Path
) -> None:
    factories.neuron_with_records(subject=subject, layer=0, index=0)
    shutil.rmtree(tmp_path / "store")
    assert "many <mark" in page(client, "letters/0/0/")
    page(client, "letters/0/2/", status=404)


# --- What it costs --------------------------------------------------------------------------------


def test_a_captured_neuron_with_everything_costs_few_queries(
    client: Client,
    subject: Subject,
    tmp_path: Path,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    relate(tmp_path)
    neuron = factories.neuron(subject=subject, layer=0, index=0)
    factories.simulation(factories.explanation(neuron))
    client.force_login(User.objects.create_user("reader"))
    with django_assert_max_num_queries(15):
        client.get("/neurons/letters/0/0/")


def test_a_neuron_with_everything_costs_few_queries_and_little_to_send(
    client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    study = factories.open_study(neurons=1)
    factories.judged(study, ["fancy"])
    Subject.objects.update(audience="everyone")
    neuron = study.neurons.get()
    record = neuron.records.first()
    assert record is not None
    for explanation in neuron.explanations.all():
        simulation = factories.simulation(explanation)
        factories.simulated_record(simulation, record, (0, 0, 0, 7))
    client.force_login(User.objects.create_user("reader"))
    client.cookies["rater"] = "forged"
    path = f"/neurons/{address(neuron)}"
    with django_assert_max_num_queries(16):
        sent = client.get(path).content
    assert len(gzip.compress(sent)) < 60_000


@pytest.mark.parametrize(
    ("source", "hook", "why"),
    [
        ("gpt2", "transformer.h.*.mlp.c_proj", ""),
        ("bert", "encoder.layer.*.output.dense", "letters is an encoder, so there is no next"),
        ("sae:x", "blocks.0.hook_mlp_out", "Only the MLP neurons of a language model"),
    ],
)
def test_the_form_to_ablate_is_there_only_where_a_next_token_is_predicted(
    client: Client, subject: Subject, source: str, hook: str, why: str
) -> None:
    Subject.objects.update(source=source, hook=hook)
    shown = page(client, "letters/0/0/")
    assert ("Compare the predictions" in shown) == (not why)
    assert why in shown


def test_hooks_of_encoders_are_known_without_loading_them() -> None:
    encoders = {each.projection for each in ARCHITECTURES.values() if not each.causal}
    causal = {each.projection for each in ARCHITECTURES.values() if each.causal}
    assert encoders == set(ENCODER_HOOKS)
    assert not any(each.endswith(ENCODER_HOOKS) for each in causal)
