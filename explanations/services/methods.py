"""Methods: stored once for each configuration, never edited."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from explanations.dialogue import Need
from explanations.explainers import EXPLAINERS, Explainer
from explanations.models import Method
from explanations.scorers import SCORERS, Scorer
from explanations.simulators import SIMULATORS, Simulator

Builtin = Explainer | Simulator | Scorer


def method_get_or_create(
    *, kind: Method.Kind, name: str, version: int = 1, config: Mapping[str, Any] | None = None
) -> Method:
    """Return the method with exactly this configuration."""
    settled = dict(config or {})
    digest = Method.digest_of(kind.value, name, version, settled)
    values = {"kind": kind, "name": name, "version": version, "config": settled}
    method, _ = Method.objects.get_or_create(digest=digest, defaults=values)
    return method


def method_builtin(
    *, kind: Method.Kind, name: str, config: Mapping[str, Any] | None = None
) -> Method:
    """Return the built-in method of that name, with its defaults and the language model filled in.

    Raises `LookupError` for a name or a setting that does not exist.
    """
    builtin = _registered(kind, name)
    options = builtin.options if isinstance(builtin, Scorer) else {}
    given = {key: value for key, value in (config or {}).items() if not _is(options, key, value)}
    defaults = dict(builtin.default_config)
    if Need.MODEL in builtin.needs:
        defaults["model"] = settings.LLM_MODEL
    unknown = sorted(set(given) - set(defaults) - set(options) - {"seed"})
    if unknown:
        raise LookupError(f"{name} has no setting called {', '.join(unknown)}")
    return method_get_or_create(
        kind=kind, name=name, version=builtin.version, config={**defaults, **given}
    )


def _is(options: Mapping[str, Any], key: str, value: Any) -> bool:
    """Whether an option has the value that is not stored."""
    return key in options and bool(options[key] == value)


def method_at_work(*, method: Method | None) -> Method:
    """Return a run's method if it is the one that is built in; raises `LookupError` otherwise."""
    if method is None:
        raise LookupError("the run has no method")
    builtin = _registered(Method.Kind(method.kind), method.name)
    if builtin.version != method.version:
        raise LookupError(
            f"{method.name} is at version {builtin.version} here: make a run with a new method"
        )
    return method


def _registered(kind: Method.Kind, name: str) -> Builtin:
    """Return the built-in method of that name; raises `LookupError` where there is none."""
    found = registry(kind).get(name)
    if found is None:
        raise LookupError(f"no {kind} is called {name!r}: choose from {', '.join(registry(kind))}")
    return found


def registry(kind: Method.Kind) -> Mapping[str, Builtin]:
    """Return the built-in methods of a kind by name."""
    registries: dict[Method.Kind, Mapping[str, Builtin]] = {
        Method.Kind.EXPLAINER: EXPLAINERS,
        Method.Kind.SIMULATOR: SIMULATORS,
        Method.Kind.SCORER: SCORERS,
    }
    return registries[kind]
