"""Nothing that reaches a rater says who or what wrote an explanation, or how it scored."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.models import Assignment, Item
from explanations.models import Explanation, Method, Neuron, Score, Simulation
from studies.analysis.protocols.synthetic import Behaviour
from studies.models import Condition, Study, StudyOption
from studies.services.analyses import analysis_request
from studies.services.building import study_build
from studies.services.lifecycle import study_close, study_open
from studies.services.simulation import raters_simulate
from studies.tasks import analyse
from tests import factories

pytestmark = pytest.mark.django_db

CANARIES = (
    *("CANARY-AUTHOR", "CANARY-METHOD", "CANARY-CONDITION", "CANARY-SUBJECT", "CANARY-SCORER"),
    *("CANARY-CONFIG", "CANARY-SLUG", "CANARY-QUESTION", "0.123454321", "0,123454321"),
    # The score as pages round it.
    *("0.1235", "12.3%", "12.3 %"),
)


@pytest.fixture
def study() -> Study:
    """Make an open study whose every secret is marked."""
    made = Study.objects.create(title="A study", slug="CANARY-SLUG", question="CANARY-QUESTION")
    subject = factories.subject(name="CANARY-SUBJECT", source="CANARY-SUBJECT")
    made.neurons.set(factories.neuron_with_records(subject=subject) for _ in range(6))
    methods = [_method("explainer", f"CANARY-METHOD-{i}") for i in range(2)]
    scorer, simulator = _method("scorer", "CANARY-SCORER"), _method("simulator", "CANARY-METHOD-s")
    for i, method in enumerate([*methods, None]):
        Condition.objects.create(study=made, name=f"CANARY-CONDITION-{i}", method=method)
        for neuron in made.neurons.all():
            text = f"fish, said in way {i} of {neuron.index}"
            kind = "model" if method else "human"
            explanation = factories.explanation(neuron, text, method=method, author_kind=kind)
            _scored(explanation, scorer, simulator)
    study_build(study=made)
    study_open(study=made)
    analyse(analysis_request(study=made, at=timezone.now()).pk)
    return made


def _method(kind: str, name: str) -> Method:
    return factories.method(kind, name, config={"author": "CANARY-AUTHOR", "x": "CANARY-CONFIG"})


def _scored(explanation: Explanation, scorer: Method, simulator: Method) -> None:
    simulation: Simulation = factories.simulation(explanation, method=simulator)
    Score.objects.create(
        explanation=explanation, simulation=simulation, method=scorer, value=0.123454321, n=1
    )


def everything(response: HttpResponseBase) -> str:
    """Return a response as a rater's browser gets it: body, headers and cookies."""
    body = getattr(response, "content", b"").decode()
    return f"{response.status_code}\n{response.headers}\n{response.cookies}\n{body}"


def rater_pages(client: Client, study: Study) -> Iterator[HttpResponseBase]:
    """Go every way a rater can, right and wrong."""
    assert study.batch is not None
    token = study.batch.token

    def to(name: str, *args: object) -> str:
        return reverse(f"annotation:{name}", args=[token, *args])

    yield client.get(to("invitation"))
    yield client.get(to("next"))
    yield client.post(to("invitation"))
    yield client.get(to("invitation"))
    yield client.get(to("instructions"))
    yield client.get(to("answer", uuid4()))
    for i in range(18):
        yield client.get(to("next"))
        assignment = Assignment.objects.filter(state=Assignment.State.OPEN).get()
        answer = to("answer", assignment.key)
        yield client.post(answer, {"choice": "wrong", "key": uuid4()})
        if i % 6 == 5:
            yield client.post(to("skip", assignment.key), {"reason": ""})
            yield client.post(to("skip", assignment.key), {"reason": "hard"})
        else:
            yield client.post(answer, {"choice": assignment.order[0], "key": uuid4()})
            yield client.get(answer)
            yield client.post(answer, {"choice": "tie", "key": uuid4(), "edit": "1"})
    yield client.get(to("next"))
    yield client.get(to("done"))
    chosen = {"name": "heron", "password": "three brown eels", "again": "three brown eels"}
    yield client.post(reverse("annotation:account-new"), chosen)
    for name in ("account", "account-new", "account-password", "login"):
        yield client.get(reverse(f"annotation:{name}"))
    study_close(study=study, at=timezone.now())
    yield client.get(to("invitation"))
    yield client.get(to("next"))


def test_no_page_that_a_rater_can_reach_holds_a_canary(client: Client, study: Study) -> None:
    seen = [everything(response) for response in rater_pages(client, study)]
    assert sum("fish, said in way" in page for page in seen) > 18
    for page in seen:
        assert not [canary for canary in CANARIES if canary in page]


def test_a_rater_is_let_into_no_page_or_api_of_the_study(client: Client, study: Study) -> None:
    for _ in rater_pages(client, study):
        pass
    closed = [
        reverse("studies:list"),
        reverse("studies:results", args=[study.slug]),
        reverse("studies:api-results", args=[study.slug]),
        *(reverse("studies:export", args=[study.slug, t, "csv"]) for t in ("items", "judgments")),
        reverse("admin:studies_study_changelist"),
    ]
    for url in closed:
        response = client.get(url)
        assert response.status_code in (302, 403)
        page = everything(response).replace(url, "")
        assert not [c for c in CANARIES if c in page and c != "CANARY-SLUG"]


def test_a_payload_holds_excerpts_and_two_keyed_texts_and_nothing_else(study: Study) -> None:
    for item in Item.objects.filter(batch=study.batch):
        assert set(item.payload) == {"version", "excerpts", "options"}
        assert all(set(e) == {"tokens", "values", "levels"} for e in item.payload["excerpts"])
        assert all(set(option) == {"key", "text"} for option in item.payload["options"])


def test_a_payload_holds_no_id_of_what_stands_behind_it() -> None:
    _begin_ids_at(7_000_000)
    study = factories.open_study(neurons=4)
    for option in StudyOption.objects.select_related("study_item__item"):
        ids = {option.explanation_id, option.condition_id, option.study_item.neuron_id}
        assert min(ids) > 7_000_000
        payload = option.study_item.item.payload
        keys = [shown["key"] for shown in payload["options"]]
        beside_the_texts = json.dumps([payload["version"], payload["excerpts"], keys])
        assert not [each for each in ids if str(each) in beside_the_texts]
    assert study.items.exists()


def _begin_ids_at(start: int) -> None:
    """Let the next ids be numbers that no activation or level is by chance."""
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite's counters go on from the highest id there was")
    neuron = factories.neuron_with_records()
    made = [
        Explanation(pk=start, neuron=neuron, text="x", author_kind="human"),
        Condition(pk=start, study=Study.objects.create(title="x", slug="x"), name="x"),
        Neuron(pk=start, subject=neuron.subject, layer=99, index=99, maximum=1.0),
    ]
    for each in made:
        each.save(force_insert=True)
        each.delete()


@pytest.mark.parametrize(
    "neurons", [40, pytest.param(200, marks=pytest.mark.slow)], ids=lambda n: f"{10 * n}"
)
def test_side_and_key_do_not_go_with_the_condition_over_many_assignments(neurons: int) -> None:
    study = factories.open_study(neurons=neurons, overlap=10, items_per_rater=neurons)
    raters_simulate(
        study=study,
        raters=10,
        behaviour=Behaviour(accuracy=0.5),
        seed=1,
        at=timezone.now(),
    )
    keys = {key: name for (_, name), key in factories.options_by_condition(study).items()}
    shown_left = [keys[a.order[0]] for a in Assignment.objects.all()]
    n = len(shown_left)
    assert n == 10 * neurons
    # Each rater has either side of the keys equally often, and the keys are balanced between
    # conditions. A fair coin stays within five standard deviations of sqrt(n) / 2.
    assert shown_left.count("plain") == pytest.approx(n / 2, abs=2.5 * n**0.5)
