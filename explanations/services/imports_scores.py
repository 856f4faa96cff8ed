"""Import scores: those that come with a neuron, and those of stored explanations."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from explanations.formats.fields import text_fault
from explanations.formats.lines import ExternalScore, MethodLine, ScoreLine
from explanations.models import Explanation, Method, Neuron, Score, Simulation
from explanations.services.methods import method_get_or_create


class ImportProblem(ValueError):
    """A value that contradicts stored rows or refers to none; `field` says which."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(slots=True)
class Counts:
    """The numbers of new rows."""

    neurons: int = 0
    records: int = 0
    explanations: int = 0
    simulations: int = 0
    scores: int = 0

    def add(self, more: "Counts") -> None:
        """Count more rows."""
        for name in ("neurons", "records", "explanations", "simulations", "scores"):
            setattr(self, name, getattr(self, name) + getattr(more, name))


@transaction.atomic
def score_import(*, line: ExternalScore) -> Counts:
    """Store an external score of a stored explanation; return what was new."""
    explanation = _named(line)
    new = score_add(explanation=explanation, simulation=None, line=line.score, records=(), at="")
    return Counts(scores=new)


@transaction.atomic
def score_add(
    *,
    explanation: Explanation,
    simulation: Simulation | None,
    line: ScoreLine,
    records: Sequence[int],
    at: str,
) -> int:
    """Store a score that is not there yet; return 1 if it was new. `at` is the path before it."""
    given = {
        "value": line.value,
        "reason": line.reason,
        "n": line.n,
        "low": line.low,
        "high": line.high,
        "records": list(records),
        "details": dict(line.details),
    }
    score, created = Score.objects.get_or_create(
        explanation=explanation,
        simulation=simulation,
        method=imported_method(Method.Kind.SCORER, line.method),
        defaults=given,
    )
    for name, value in given.items():
        agree(f"{at}{name}", getattr(score, name), value)
    return int(created)


def imported_method(kind: Method.Kind, line: MethodLine) -> Method:
    """Return the method that a line names."""
    if fault := text_fault(line.name, 100, empty=False):
        raise ImportProblem(f"{kind.value}.name", fault)
    return method_get_or_create(kind=kind, name=line.name, version=line.version, config=line.config)


def agree(at: str, stored: object, given: object) -> None:
    """Raise `ImportProblem` where what is given is not what is stored."""
    if stored != given:
        raise ImportProblem(at, f"is stored as {stored!r}")


def _named(line: ExternalScore) -> Explanation:
    """Return the one explanation that a row names; an error says what to add otherwise."""
    if line.number is not None:
        return _numbered(line, line.number)
    assert line.neuron is not None  # noqa: S101
    whose = f"{line.subject} {line.neuron}"
    neurons = Neuron.objects.filter(
        subject__name=line.subject, layer=line.neuron.layer, index=line.neuron.index
    )
    if not neurons.exists():
        raise ImportProblem("index", f"no neuron {whose} is stored")
    found = Explanation.objects.filter(neuron__in=neurons, text=line.text)
    if line.explainer:
        found = found.filter(method__name=line.explainer)
    several = list(found.order_by("pk")[:2])
    if not several:
        raise ImportProblem("text", f"no explanation of {whose} says this")
    if len(several) > 1:
        what = "number in `explanation`" if line.explainer else "method in `explainer`"
        raise ImportProblem("text", f"several explanations of {whose} say this: give the {what}")
    return several[0]


def _numbered(line: ExternalScore, number: int) -> Explanation:
    """Return the explanation with a number; what else a row says of it must be so."""
    explanation = (
        Explanation.objects.select_related("neuron__subject", "method").filter(pk=number).first()
    )
    if explanation is None:
        raise ImportProblem("explanation", f"no explanation has the number {number}")
    neuron, method = explanation.neuron, explanation.method
    stored: dict[str, object] = {
        "subject": neuron.subject.name,
        "neuron": neuron.ref,
        "explainer": method.name if method else "",
    }
    for name, value in stored.items():
        if getattr(line, name) not in (None, "", value):
            raise ImportProblem(name, f"explanation {number} is of {value}")
    return explanation
