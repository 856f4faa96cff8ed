"""Labels of methods: their names, with settings where several share a name."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from explanations.explainers import EXPLAINERS
from explanations.models import Method, Run
from explanations.scorers import SCORERS
from explanations.simulators import SIMULATORS

if TYPE_CHECKING:
    from explanations.methods.base import BuiltInMethod

_LONGEST = 40


def method_name(method: Method | None) -> str:
    """Name a method as people read it; with its version where it is not the first.

    A score on top or on random records alone is another score, so its name says so.
    """
    if method is None:
        return ""
    name = method.name.replace("_", " ")
    kept = method.config.get("on", "all") if method.kind == Method.Kind.SCORER else "all"
    name = name if kept == "all" else f"{name} on {kept}"
    return name if method.version == 1 else f"{name} v{method.version}"


def method_labels(methods: Iterable[Method]) -> dict[int, str]:
    """Name methods by primary key; two of a kind that share a name differ in their labels.

    What is added are the settings in which they differ; but people who took part in one study
    all have the same label.
    """
    named: dict[tuple[str, str], list[Method]] = defaultdict(list)
    for method in methods:
        named[method.kind, method_name(method)].append(method)
    return {
        method.pk: name
        if len(few) == 1 or method.is_person
        else f"{name}, {_told_apart(method, few)}"
        for (_, name), few in named.items()
        for method in few
    }


def method_title(method: Method) -> str:
    """Name a method with its version, and with the settings that are not the method's own."""
    own = _own_settings(method)
    unlike = {key: value for key, value in method.config.items() if own.get(key, ...) != value}
    return ", ".join([str(method), *(f"{key} {_short(unlike[key])}" for key in sorted(unlike))])


def run_title(run: Run) -> str:
    """Return a label for a run: its kind, method and settings."""
    return f"{run.kind} {method_title(run.method) if run.method else run.capture}"


def _own_settings(method: Method) -> dict[str, Any]:
    known: dict[Method.Kind, BuiltInMethod | None] = {
        Method.Kind.EXPLAINER: EXPLAINERS.get(method.name),
        Method.Kind.SIMULATOR: SIMULATORS.get(method.name),
        Method.Kind.SCORER: SCORERS.get(method.name),
    }
    builtin = known[Method.Kind(method.kind)]
    return builtin.default_config if builtin else {}


def _told_apart(method: Method, others: Sequence[Method]) -> str:
    differ = [key for key in sorted(method.config) if not _shared(key, others)]
    said = [f"{key} {_short(method.config[key])}" for key in differ]
    return ", ".join(said) or method.digest[:6]


def _shared(key: str, methods: Sequence[Method]) -> bool:
    first, *others = (method.config.get(key) for method in methods)
    return all(value == first for value in others)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
