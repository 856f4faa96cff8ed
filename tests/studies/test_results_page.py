"""The results page: who may read it, what comes first, and what stands there before results do."""

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from explanations.models import Method, Score
from studies.analysis.results import VERSION
from studies.analysis.results import analyse as analyse_tables
from studies.analysis.results_report import stored_figures
from studies.design.size import SECONDS_PER_JUDGMENT
from studies.models import Analysis, Study
from studies.selectors.pages import study_plan
from studies.selectors.tables import study_tables
from studies.services.analyses import analysis_claim, analysis_fail, analysis_request
from studies.services.building import study_build
from studies.services.lifecycle import study_open
from studies.tasks import analyse
from tests import factories

pytestmark = pytest.mark.django_db
Read = Callable[[Study], str]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff"))
    return client


@pytest.fixture
def read(staff: Client) -> Read:
    """Return the text of a study's results page, after an analysis, without markup."""

    def page(study: Study) -> str:
        analyse(analysis_request(study=study, at=timezone.now()).pk)
        return words(address(study), staff)

    return page


def address(study: Study) -> str:
    return reverse("studies:results", args=[study.slug])


def words(url: str, client: Client) -> str:
    response = client.get(url)
    assert response.status_code == 200
    main = response.content.decode().split("<main", 1)[1]
    return " ".join(re.sub(r"<[^>]*>", " ", main).replace("\N{NO-BREAK SPACE}", " ").split())


# --- Who may read ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["studies:results", "studies:api-results"])
def test_a_stranger_reads_no_results(client: Client, name: str) -> None:
    study = factories.open_study()
    response = client.get(reverse(name, args=[study.slug]))
    assert response.status_code in (302, 403)
    assert study.title not in response.content.decode()
    if response.status_code == 302:
        assert response["Location"].startswith(reverse("admin:login"))


def test_a_user_who_is_not_staff_reads_no_results_and_no_list(client: Client) -> None:
    client.force_login(User.objects.create_user("somebody"))
    study = factories.open_study()
    for url in (address(study), reverse("studies:list")):
        assert client.get(url)["Location"].startswith(reverse("admin:login"))
    assert client.get(reverse("studies:api-results", args=[study.slug])).status_code == 403


def test_a_stranger_cannot_ask_for_results(client: Client) -> None:
    study = factories.open_study()
    client.post(reverse("studies:refresh", args=[study.slug]))
    assert not hasattr(Study.objects.get(), "analysis")


def test_the_front_page_is_for_everybody(client: Client) -> None:
    assert "Do people agree" in words(reverse("studies:home"), client)
    assert client.head(reverse("studies:home")).status_code == 200


# --- What stands there ----------------------------------------------------------------------------


def test_the_synthetic_notice_comes_before_everything_else(read: Read, staff: Client) -> None:
    study = factories.open_study(neurons=5)
    factories.judged(study, ["fancy"] * 3, synthetic=True)
    factories.judged(study, ["plain"] * 2)
    read(study)
    main = staff.get(address(study)).content.decode().split("<main", 1)[1]
    notice = main.index("Synthetic judgments: 3 of 5")
    assert notice < main.index("<h1>")
    assert not re.search(r"<h\d|<table|<svg", main[:notice])


def test_synthetic_judgments_are_told_before_there_are_results(staff: Client) -> None:
    study = factories.open_study()
    factories.judged(study, ["fancy"], synthetic=True)
    told = words(address(study), staff)
    assert told.index("Synthetic judgments: 1 of 1") < told.index(study.title)


def test_a_study_that_people_rated_says_nothing_of_synthetic_judgments(read: Read) -> None:
    study = factories.open_study()
    factories.judged(study, ["fancy"])
    assert "Synthetic" not in read(study).split("names the explanation and condition")[0]


def test_the_headline_says_how_often_the_higher_score_won(read: Read) -> None:
    study = factories.open_study(neurons=4)
    factories.judged(study, ["fancy", "fancy", "fancy", "plain"])
    factories.judged(study, ["fancy", "fancy", "fancy", "tie"])
    # 6 of 7 decided votes went to "fancy", which scores higher.
    assert "higher correlation score in 86% (95% interval" in read(study)
    assert "of 7 decided votes, by 2 raters on 4 neurons." in read(study)


def test_one_rater_gets_a_warning_and_reasons_instead_of_intervals(read: Read) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"])
    told = read(study)
    assert "Only one rater" in told
    assert "not computed: no unit was rated by two raters" in told


def test_all_ties_are_told_as_such(read: Read) -> None:
    study = factories.open_study(neurons=2)
    for _ in range(2):
        factories.judged(study, ["tie", "tie"])
    told = read(study)
    assert "is not known yet" in told
    assert "not computed: no variation" in told
    assert "4 of 4" in told


def test_a_scorer_that_is_undefined_everywhere_is_shown_with_its_reason(read: Read) -> None:
    study = factories.open_study(neurons=2)
    Score.objects.update(value=None, reason="the simulation is constant")
    factories.judged(study, ["fancy", "plain"])
    told = read(study)
    assert "No score covers the explanations compared." in told
    assert "4 explanations without a defined score left out: the simulation is constant (4)" in told
    assert "not computed: no vote" in told


def test_a_study_without_scores_says_so(read: Read) -> None:
    study = factories.open_study(neurons=2)
    Score.objects.all().delete()
    factories.judged(study, ["fancy", "plain"])
    assert "None of the explanations has a score" in read(study)


def test_a_condition_without_judgments_is_named(read: Read) -> None:
    study = factories.open_study(neurons=1, conditions=("a", "b", "c"), scores=(0.1, 0.2, 0.3))
    item = study.items.order_by("item__position").first()
    assert item is not None
    keys = factories.options_by_condition(study)
    named = {name for _, name in keys}
    asked = factories.judged(study, ["tie"]).rater.assignments.get().item_id
    [missing] = named - {name for item_id, name in keys if item_id == asked}
    assert f"No judgments yet about: {missing}." in read(study)


def test_conditions_are_said_to_share_their_neurons_only_when_they_do(read: Read) -> None:
    # Three pairs on one neuron: after two answers one pair is missing, after three none is.
    study = factories.open_study(neurons=1, conditions=("a", "b", "c"), scores=(0.1, 0.2, 0.3))
    factories.judged(study, ["tie"] * 2)
    told = read(study)
    assert "same neurons" not in told
    assert "Every two conditions met on 0 of 1 neuron, so" in told
    factories.judged(study, ["tie"] * 3)
    assert "All conditions were compared on the same neurons." in read(study)


def test_what_was_left_out_is_shown_in_the_flow(read: Read) -> None:
    study = factories.study(neurons=3)
    study.neurons.filter(pk=study.neurons.order_by("pk").values("pk")[:1]).update(maximum=0)
    study_build(study=study)
    study_open(study=study)
    factories.judged(study, ["fancy"])
    assert "1 neuron without any activation" in read(study)


def test_a_page_without_judgments_says_what_to_do(staff: Client) -> None:
    assert "No judgments yet. Send raters" in words(address(factories.open_study()), staff)


def test_a_draft_says_what_to_do(staff: Client) -> None:
    assert "The study is a draft" in words(address(factories.study()), staff)


def test_a_page_whose_results_are_being_computed_says_so(staff: Client) -> None:
    study = factories.open_study()
    analysis_request(study=study, at=timezone.now())
    assert "The results are being computed" in words(address(study), staff)


def test_results_of_an_earlier_version_wait_for_new_ones_and_break_no_page(staff: Client) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"])
    analyse(analysis_request(study=study, at=timezone.now()).pk)
    earlier = {"version": VERSION - 1, "agreement": {"alpha": "told otherwise"}}
    Analysis.objects.filter(study=study).update(results=earlier)
    study.refresh_from_db()
    assert "computed by an earlier version of Concordance" in words(address(study), staff)
    told = staff.get(reverse("studies:api-results", args=[study.slug])).json()
    assert told["results"] is None
    assert not study_plan(study).is_measured


def test_a_failed_analysis_shows_its_reason_and_can_be_tried_again(staff: Client) -> None:
    study = factories.open_study()
    asked = analysis_request(study=study, at=timezone.now())
    lease = analysis_claim(analysis_id=asked.pk, at=timezone.now())
    assert lease is not None
    analysis_fail(lease=lease, reason="no room", answers=0, scores="", at=timezone.now())
    told = words(address(study), staff)
    assert "could not be computed" in told
    assert "no room" in told
    staff.post(reverse("studies:refresh", args=[study.slug]))
    assert "The results are being computed" in words(address(study), staff)


def test_results_that_are_older_than_the_answers_say_by_how_many(read: Read, staff: Client) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy"])
    read(study)
    factories.judged(study, ["fancy", "plain"])
    assert "2 new answers since then" in words(address(study), staff)


def test_the_time_of_the_results_names_its_zone(read: Read) -> None:
    study = factories.open_study()
    factories.judged(study, ["fancy"])
    with timezone.override("Asia/Tokyo"):
        told = read(study)
    assert re.search(r"Computed \d+ \w+ \d{4}, \d\d:\d\d JST\.", told)


def test_decided_votes_are_counted_beside_their_share_and_ties_are_ties_of_votes(
    read: Read,
) -> None:
    # Neurons 0 to 2 differ by .3 in score; on the fourth both score .5.
    study = factories.open_study(neurons=4)
    last = study.neurons.order_by("pk").last()
    Score.objects.filter(explanation__neuron=last).update(value=0.5)
    for _ in range(3):
        factories.judged(study, ["fancy", "fancy", "tie", "fancy"])
    [scorer] = analyse_tables(study_tables(study)).details.scorers
    assert scorer.agreement.n_votes == 12
    decided = scorer.agreement.strict.n_ratings
    half = scorer.agreement.ties_half_between_scores.value
    assert decided < 9
    assert half != scorer.agreement.ties_half.value
    told = read(study).split("Slope, log-odds per 0.1 of score gap")[1].split("Figure")[0]
    assert f" {100 * half:.0f}%" in told
    assert re.search(rf" {decided} 0 ", told)


def test_published_figures_are_shown_beside_correlations_alone(read: Read) -> None:
    study = factories.open_study(neurons=2)
    factories.judged(study, ["fancy", "plain"])
    assert "GPT-2 XL" in read(study)
    Method.objects.filter(kind="scorer").update(name="r_squared")
    assert "GPT-2 XL" not in read(study)


def test_every_figure_has_words_and_a_table_behind_it(read: Read, staff: Client) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"])
    read(study)
    page = staff.get(address(study)).content.decode()
    analysis = Analysis.objects.get()
    drawn = [figure for figure in analysis.figures.values() if figure["svg"]]
    assert len(drawn) >= 12
    assert page.count("<svg") == page.count("<desc id=") == len(drawn)
    for figure in drawn:
        assert figure["rows"] or figure["empty"]
        assert figure["caption"]


@pytest.mark.parametrize("synthetic", [True, False])
def test_a_figure_copied_without_the_page_says_what_is_synthetic(*, synthetic: bool) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"], synthetic=synthetic)
    drawn = stored_figures(analyse_tables(study_tables(study)))
    for figure in filter(None, (shown["svg"] for shown in drawn.values())):
        _, words, seen = re.split(r"<desc[^>]*>|</desc>", figure)
        assert ("Includes synthetic judgments." in words) is synthetic
        assert ("Includes synthetic judgments." in seen) is synthetic


def test_a_plan_goes_by_the_pace_of_people_and_not_of_programs() -> None:
    paces = list[float]()
    for synthetic in (False, True):
        study = factories.open_study(neurons=20)
        factories.judged(study, ["fancy"] * 20, synthetic=synthetic)
        analyse(analysis_request(study=study, at=timezone.now()).pk)
        paces.append(study_plan(Study.objects.get(pk=study.pk)).seconds_per_judgment)
    assert paces == [9.0, SECONDS_PER_JUDGMENT]


def test_the_page_carries_no_inline_script_or_style(read: Read, staff: Client) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"])
    read(study)
    page = staff.get(address(study)).content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


def test_the_list_shows_every_study_with_its_state(staff: Client) -> None:
    draft, opened = factories.study(), factories.open_study(neurons=2)
    factories.judged(opened, ["fancy"], synthetic=True)
    told = words(reverse("studies:list"), staff)
    assert f"{draft.title} {draft.slug} · Pairwise comparison draft not built yet" in told
    assert f"{opened.slug} · Pairwise comparison open 1 of 6 1 1 synthetic" in told


def test_an_empty_list_says_how_to_begin(staff: Client) -> None:
    assert "There are no studies yet" in words(reverse("studies:list"), staff)


def test_programs_get_the_same_results_as_json(read: Read, staff: Client) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"])
    read(study)
    body = staff.get(reverse("studies:api-results", args=[study.slug])).json()
    assert body["study"]["state"] == "open"
    assert body["analysis"]["state"] == "done"
    assert body["results"]["n_judgments"] == 3
    assert body["results"]["headline"].startswith("Raters preferred")


# --- The order of reading -------------------------------------------------------------------------


def test_the_contents_lead_to_every_part_in_the_order_in_which_they_stand(
    staff: Client, read: Read
) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"])
    read(study)
    page = staff.get(address(study)).content.decode()
    contents, body = page.split('class="contents"')[1].split("</nav>", 1)
    asked = re.findall(r'href="#([a-z-]+)"', contents)
    headed = re.findall(r'<h2 id="([a-z-]+)"', body)
    assert asked == headed
    assert headed[:2] == ["summary", "do-scores-predict-what-people-prefer"]


def test_what_is_second_in_importance_is_collapsed(staff: Client, read: Read) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"])
    read(study)
    page = staff.get(address(study)).content.decode()
    collapsed = re.findall(r"<details\b.*?</details>", page, re.DOTALL)
    for name in ("sensitivity", "precision", "pairs", "raters", "exclusions"):
        assert any(f'id="figure-{name}"' in each for each in collapsed), name
    for name in ("gap", "methods"):
        assert not any(f'id="figure-{name}"' in each for each in collapsed), name


def test_a_study_without_judgments_has_contents_without_what_it_lacks(
    staff: Client, read: Read
) -> None:
    study = factories.open_study(neurons=3)
    read(study)
    page = staff.get(address(study)).content.decode()
    contents = page.split('class="contents"')[1].split("</nav>", 1)[0]
    assert re.findall(r'href="#([a-z-]+)"', contents) == [
        "summary",
        "from-neurons-to-judgments",
        "design",
        "exports",
    ]


def test_the_page_travels_packed(staff: Client, read: Read) -> None:
    study = factories.open_study(neurons=3)
    factories.judged(study, ["fancy", "plain", "tie"])
    read(study)
    packed = staff.get(address(study), headers={"accept-encoding": "gzip"})
    plain = staff.get(address(study))
    assert packed["Content-Encoding"] == "gzip"
    assert len(packed.content) < len(plain.content) / 5
    assert len(packed.content) < 40_000
