"""Methods: stored once for each configuration, never edited."""

import math
from collections.abc import Mapping
from typing import Any

from django.conf import settings

from explanations.explainers import EXPLAINERS
from explanations.methods.base import BuiltInMethod
from explanations.methods.requests import Need
from explanations.models import Method
from explanations.scorers import SCORERS
from explanations.simulators import SIMULATORS


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

    Raises `LookupError` for a name that does not exist, `SettingRefused` for a setting that does
    not, or that is of another type than the method's own.
    """
    method = method_unsaved(kind=kind, name=name, config=config)
    return method_get_or_create(kind=kind, name=name, version=method.version, config=method.config)


def method_unsaved(
    *, kind: Method.Kind, name: str, config: Mapping[str, Any] | None = None
) -> Method:
    """Return the same as `method_builtin`, not stored; raises likewise."""
    settled = method_settings(kind=kind, name=name, config=config)
    version = _registered(kind, name).version
    digest = Method.digest_of(kind.value, name, version, settled)
    return Method(kind=kind, name=name, version=version, config=settled, digest=digest)


def method_settings(
    *, kind: Method.Kind, name: str, config: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return all settings of a built-in method, those given in place of its own; raises likewise.

    `seed` is a setting of those methods only that draw by chance.
    """
    builtin = _registered(kind, name)
    own = method_defaults(kind=kind, name=name)
    given = dict(config or {})
    unknown = sorted(set(given) - set(own))
    if unknown:
        known = f"it has {', '.join(own)}" if own else "it has none"
        message = f"{name} has no setting called {', '.join(unknown)}: {known}"
        raise SettingRefused(unknown[0], message)
    settled = own | {key: _settled(key, value, own[key]) for key, value in given.items()}
    for key, few in builtin.choices.items():
        if settled[key] not in few:
            raise SettingRefused(key, f"{key} is one of {', '.join(few)}, not {settled[key]!r}")
    unstored = {key for key in builtin.optional if settled[key] == own[key]}
    return {key: value for key, value in settled.items() if key not in unstored}


def method_defaults(*, kind: Method.Kind, name: str) -> dict[str, Any]:
    """Return every setting of a built-in method with the method's own value."""
    builtin = _registered(kind, name)
    model = {"model": settings.LLM_MODEL} if Need.MODEL in builtin.needs else {}
    return {**builtin.default_config, **model}


class SettingRefused(LookupError):
    """A setting that a method does not have or cannot use; `setting` is its name."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(message)
        self.setting = setting


# The type of a setting, by the type of the method's default, and its name in messages.
_TYPES: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number"),
    str: ((str,), "a text"),
    list: ((list, tuple), "a list"),
    dict: ((dict,), "an object"),
}


def _settled(name: str, value: Any, own: Any) -> Any:
    """Return a setting as its method expects it; raises `SettingRefused`."""
    if own is None:
        return value
    allowed, said = _TYPES[list if isinstance(own, tuple) else type(own)]
    fits = isinstance(value, allowed)
    if not fits or (isinstance(value, bool) and not isinstance(own, bool)):
        raise SettingRefused(name, f"{name} is {said}, such as {own!r}, not {value!r}")
    if isinstance(own, float):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingRefused(name, f"{name} is a finite number, not {value!r}")
    if isinstance(own, int) and value < 0 <= own:
        raise SettingRefused(name, f"{name} is 0 or more, not {value!r}")
    if isinstance(own, str) and own and not value.strip():
        raise SettingRefused(name, f"{name} may not be blank")
    return value


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


def _registered(kind: Method.Kind, name: str) -> BuiltInMethod:
    """Return the built-in method of that name; raises `LookupError` where there is none."""
    found = registry(kind).get(name)
    if found is None:
        raise LookupError(f"no {kind} is called {name!r}: choose from {', '.join(registry(kind))}")
    return found


def registry(kind: Method.Kind) -> Mapping[str, BuiltInMethod]:
    """Return the built-in methods of a kind by name."""
    registries: dict[Method.Kind, Mapping[str, BuiltInMethod]] = {
        Method.Kind.EXPLAINER: EXPLAINERS,
        Method.Kind.SIMULATOR: SIMULATORS,
        Method.Kind.SCORER: SCORERS,
    }
    return registries[kind]
