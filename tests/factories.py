"""Plain functions that make rows. Every argument has a sensible value; names are unique."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from annotation.models import Enrolment
from annotation.services.answers import judgment_submit
from annotation.services.batches import rater_enrol
from annotation.services.claims import assignment_claim
from explanations.models import (
    Corpus,
    Document,
    Explanation,
    Image,
    Method,
    Neuron,
    Record,
    Score,
    SimulatedRecord,
    Simulation,
    Subject,
)
from explanations.records import RecordKind, Scale, Split
from explanations.services.methods import method_builtin
from studies.models import Condition, Study, StudyOption
from studies.services.building import study_build
from studies.services.lifecycle import study_open

_numbers = itertools.count(1)


def subject(**values: Any) -> Subject:
    """Make a model with two layers of a hundred thousand neurons."""
    name = values.pop("name", f"subject-{next(_numbers)}")
    return Subject.objects.create(
        **{"name": name, "source": "none", "hook": "mlp", "layers": 2, "width": 100_000, **values}
    )


def neuron(**values: Any) -> Neuron:
    """Make a neuron of a new subject unless one is given."""
    values.setdefault("subject", None)
    values["subject"] = values["subject"] or subject()
    return Neuron.objects.create(**{"layer": 0, "index": next(_numbers), "maximum": 10.0, **values})


def neurons(count: int, **values: Any) -> list[Neuron]:
    """Make neurons of one subject, without records."""
    of = values.pop("subject", None) or subject()
    return Neuron.objects.bulk_create(
        Neuron(**{"subject": of, "layer": 0, "index": index, "maximum": 10.0, **values})
        for index in range(count)
    )


def document(split: Split = Split.EXPLAIN, *, corpus: Corpus | None = None) -> Document:
    """Make a document of a new corpus unless one is given."""
    number = next(_numbers)
    corpus = corpus or Corpus.objects.create(name=f"text-{number}", digest=str(number), seed=1)
    return Document.objects.create(corpus=corpus, key=f"document-{number}", split=split)


def packed(activations: Sequence[float]) -> bytes:
    """Return activations as the columns hold them."""
    return np.asarray(activations, dtype="<f4").tobytes()


def record(
    of: Neuron,
    *,
    split: Split = Split.EXPLAIN,
    tokens: Sequence[str] = ("the ", "red ", "fish ", "swims"),
    activations: Sequence[float] = (0.0, 0.0, 8.0, 1.0),
    **values: Any,
) -> Record:
    """Make a top record of a neuron in a document of its own."""
    array = np.asarray(activations, dtype="<f4")
    return Record.objects.create(
        **{
            "neuron": of,
            "document": values.pop("document", None) or document(split),
            "start": 0,
            "kind": RecordKind.TOP,
            "tokens": list(tokens),
            "values": array.tobytes(),
            "peak": float(array.max(initial=0.0)),
            **values,
        }
    )


def image(of: Record, **values: Any) -> Image:
    """Say that a record's document is an image, without its files."""
    name = f"{next(_numbers):032x}"
    return Image.objects.create(
        document=of.document,
        **{
            "original": f"CANARY-{name}.png",
            "source": "CANARY-SOURCE",
            "file": f"{name}.webp",
            "thumbnail": f"{name}-small.webp",
            "width": 64,
            "height": 48,
            "alternative": "a red disc",
            **values,
        },
    )


def neuron_with_records(**values: Any) -> Neuron:
    """Make a fish neuron: two records to explain it from, two held out, of different words."""
    of = neuron(**values)
    record(of, tokens=("a ", "fish ", "in ", "water"), activations=(0, 9, 0, 1))
    record(of, tokens=("many ", "fish ", "sleep ", "now"), activations=(0, 7, 1, 0))
    record(
        of, split=Split.SCORE, tokens=("one ", "fish ", "was ", "late"), activations=(0, 8, 1, 0)
    )
    record(of, split=Split.SCORE, tokens=("no ", "bread ", "is ", "left"), activations=(1, 0, 0, 0))
    return of


def fish_neurons(count: int, *, dead: int = 0) -> list[Neuron]:
    """Make many neurons of one subject quickly, with two records each; the first `dead` never fire.

    One record is to explain it from, the other held out.
    """
    found = neurons(count)
    shown, held_out = document(Split.EXPLAIN), document(Split.SCORE)
    for neuron_ in found[:dead]:
        neuron_.maximum = 0.0
    Neuron.objects.bulk_update(found[:dead], ["maximum"])
    Record.objects.bulk_create(
        Record(
            neuron=neuron_,
            document=of,
            start=0,
            kind=RecordKind.TOP,
            tokens=tokens,
            values=np.asarray(
                [0, 0, 0] if neuron_.maximum == 0 else [0, 8, 1], dtype="<f4"
            ).tobytes(),
            peak=0.0 if neuron_.maximum == 0 else 8.0,
        )
        for neuron_ in found
        for of, tokens in ((shown, ["a ", "fish ", "swims"]), (held_out, ["one ", "fish ", "ate"]))
    )
    return found


def method(kind: str = "explainer", name: str | None = None, **values: Any) -> Method:
    """Make a method that is not built in."""
    name = name or f"method-{next(_numbers)}"
    return Method.objects.create(kind=kind, name=name, **{"version": 1, **values})


def builtin(kind: str, name: str, **config: Any) -> Method:
    """Return the built-in method of that name."""
    return method_builtin(kind=Method.Kind(kind), name=name, config=config)


def explanation(
    of: Neuron | None = None, text: str = 'the word "fish"', **values: Any
) -> Explanation:
    """Make an explanation that a person wrote."""
    return Explanation.objects.create(
        **{"neuron": of or neuron(), "text": text, "author_kind": "human", **values}
    )


def simulation(of: Explanation, **values: Any) -> Simulation:
    """Make a simulation without records."""
    values.setdefault("method", None)
    values["method"] = values["method"] or method("simulator")
    return Simulation.objects.create(explanation=of, **{"scale": Scale.ZERO_TO_TEN, **values})


def simulated_record(of: Simulation, on: Record, activations: Sequence[float]) -> SimulatedRecord:
    """Make one record's simulated values."""
    values = np.asarray(activations, dtype="<f4").tobytes()
    return SimulatedRecord.objects.create(simulation=of, record=on, values=values)


# --- Studies --------------------------------------------------------------------------------------


def study(
    *,
    neurons: int = 4,
    conditions: Sequence[str] = ("plain", "fancy"),
    scores: Sequence[float] = (0.3, 0.6),
    **values: Any,
) -> Study:
    """Make a draft that compares methods, one a condition, on new fish neurons.

    Each explanation has a score by `correlation`: that of its condition, and 0.01 more on each
    further neuron.
    """
    number = next(_numbers)
    title = f"Study {number}"
    made = Study.objects.create(**{"title": title, "slug": f"study-{number}", **values})
    of = subject()
    made.neurons.set(neuron_with_records(subject=of) for _ in range(neurons))
    scorer = method("scorer", "correlation", config={"n": number})
    for name, score in zip(conditions, scores, strict=True):
        condition = Condition.objects.create(
            study=made, name=name, method=method(name=name, config={"n": number})
        )
        _explain(condition, scorer, score)
    return made


def _explain(condition: Condition, scorer: Method, score: float) -> None:
    for i, each in enumerate(condition.study.neurons.order_by("pk")):
        text = f"fish in water, as {chr(97 + i)} {condition.pk} {each.pk}"
        made = explanation(each, text, author_kind="model", method=condition.method)
        Score.objects.create(explanation=made, method=scorer, value=score + 0.01 * i, n=8)


def open_study(**values: Any) -> Study:
    """Make a study that raters can answer."""
    made = study(**values)
    study_build(study=made)
    study_open(study=made)
    return made


def judged(
    of: Study, preferred: Sequence[str], *, synthetic: bool = False, at: datetime | None = None
) -> Enrolment:
    """Let a new rater answer: for each item asked, the condition named here, or `tie`."""
    assert of.batch is not None
    now = at or datetime(2026, 1, 1, tzinfo=UTC)
    enrolment = rater_enrol(batch=of.batch, rater=None, at=now, synthetic=synthetic)
    keys = options_by_condition(of)
    for name in preferred:
        assignment = assignment_claim(enrolment=enrolment, at=now)
        assert assignment is not None
        choice = name if name == "tie" else keys[assignment.item_id, name]
        answer = {"choice": choice}
        judgment_submit(assignment=assignment, answer=answer, key=uuid4(), seconds=9.0, at=now)
    return enrolment


def options_by_condition(of: Study) -> dict[tuple[int, str], str]:
    """Return the option keys of a built study by item and condition."""
    options = StudyOption.objects.filter(study_item__study=of)
    rows = options.values_list("study_item__item", "condition__name", "key")
    return {(item, name): key for item, name, key in rows}


def values(*numbers: float) -> NDArray[np.float32]:
    """Return activations as the library holds them."""
    return np.asarray(numbers, dtype=np.float32)
