"""Neurons with everything that any preset needs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

from annotation.services.answers import judgment_submit
from annotation.services.batches import rater_enrol
from annotation.services.claims import assignment_claim
from explanations.ground_truth.pairs import INPUTS
from explanations.models import Explanation, Method, Neuron, Score
from explanations.records import RecordKind, Split
from studies.models import Condition, Study
from studies.presets import PRESETS
from studies.services.building import study_build
from studies.services.lifecycle import study_open
from tests import factories
from tests.annotation.examples import answer_to

CONDITIONS = ("plain", "fancy", "people")


def stocked_study(
    preset: str = "pairwise",
    *,
    neurons: int = 9,
    names: Sequence[str] = CONDITIONS,
    **values: object,
) -> Study:
    """Make a draft that follows a preset, with whatever it needs; the last name is people's."""
    number = next(factories._numbers)
    needs = PRESETS[preset].needs
    study = Study.objects.create(
        **{"title": "A study", "slug": f"study-{number}", "preset": preset, **values}
    )
    subject = factories.subject(tokenizer=INPUTS if preset == "find-2023" else "")
    make = function if preset == "find-2023" else pictured if needs.images else neuron
    made = [make(subject=subject) for _ in range(neurons)]
    study.neurons.set(made)
    truth = factories.method(name="ground_truth", config={"n": number})
    scorer = factories.method("scorer", "intervention", config={"n": number})
    methods = [
        *(factories.method(name=name, config={"n": number}) for name in names[:-1]),
        None,
    ]
    if needs.explanations_per_question != "none":
        for name, method in zip(names, methods, strict=True):
            Condition.objects.create(study=study, name=name, method=method)
    for each in made:
        describe(each, methods, truth, scorer)
    return study


def describe(of: Neuron, methods: Sequence[Method | None], truth: Method, scorer: Method) -> None:
    """Explain a neuron by every method, truly too, and score the first by intervention."""
    word = f"w{of.index}x"
    texts = [[f"It {i} {word} was", " so", f" {word}"] for i in range(4)]
    for i, method in enumerate(methods):
        kind = "model" if method else "human"
        text = f"way {i} to say {word}"
        made = factories.explanation(of, text, method=method, author_kind=kind)
        if i == 0:
            Score.objects.create(
                explanation=made, method=scorer, value=0.5, n=4, details={"texts": texts}
            )
    factories.explanation(of, f"the word {word}", method=truth, author_kind="control")


def neuron(**values: object) -> Neuron:
    """Make a neuron with loud and quiet records in both splits, no two alike."""
    of = factories.neuron(**values)
    for split in (Split.EXPLAIN, Split.SCORE):
        for i in range(5):
            words = (f"a{i}{split[0]} ", f"w{of.index}x ", "swims")
            factories.record(of, split=split, tokens=words, activations=(0, 9 - i, 1))
            factories.record(
                of,
                split=split,
                tokens=(f"b{i}{split[0]} ", f"v{of.index} ", "rests"),
                activations=(0, 0.1 * i, 0),
                kind=RecordKind.RANDOM,
            )
    return of


def pictured(**values: object) -> Neuron:
    """Make a neuron with loud and quiet images in both splits, whose files are not there."""
    of = factories.neuron(**values)
    for split in (Split.EXPLAIN, Split.SCORE):
        for i in range(4):
            loud = {"activations": (9.0 - i,), "kind": RecordKind.TOP}
            quiet = {"activations": (-0.1 * i,), "kind": RecordKind.BOTTOM, "peak": -0.1 * i}
            for word, given in (("disc", loud), ("square", quiet)):
                words = f"a {word} {i} of {split[0]}{of.index}"
                made = factories.record(of, split=split, tokens=(words,), **given)
                factories.image(made, alternative=words)
    return of


def function(**values: object) -> Neuron:
    """Make a neuron that is a function of numbers: three times the input and its own index."""
    of = factories.neuron(**values)
    for split in (Split.EXPLAIN, Split.SCORE):
        for given in range(5):
            factories.record(
                of,
                split=split,
                tokens=(str(given),),
                activations=(3.0 * given + of.index,),
                kind=RecordKind.RANDOM,
            )
    return of


def texts_by_condition(study: Study) -> dict[str, set[str]]:
    """Return the texts of a study's explanations by condition."""
    return {
        condition.name: set(
            Explanation.objects.filter(neuron__studies=study, method=condition.method).values_list(
                "text", flat=True
            )
        )
        for condition in study.conditions.all()
    }


def answered(study: Study, n: int = 3) -> None:
    """Build and open a study, and let a rater answer so many questions."""
    study_build(study=study)
    study_open(study=study)
    assert study.batch is not None
    now = datetime(2026, 1, 1, tzinfo=UTC)
    enrolment = rater_enrol(batch=study.batch, rater=None, at=now)
    for _ in range(n):
        assignment = assignment_claim(enrolment=enrolment, at=now)
        assert assignment is not None
        answer = answer_to(assignment.item.payload, study.batch.protocol)
        judgment_submit(assignment=assignment, answer=answer, key=uuid4(), seconds=9.0, at=now)
