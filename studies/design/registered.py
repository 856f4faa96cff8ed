"""Canonical text and digest of a registration, and how a study differs from it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

FORMAT = "concordance.registration.1"


def canonical(document: Mapping[str, Any]) -> str:
    """Return the canonical JSON text of a document: sorted keys, no spaces, minimal escaping.

    ValueError for numbers that JSON does not have.
    """
    return json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def sha256(text: str) -> str:
    """Return the SHA-256 of a text as UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of(rows: Iterable[Any]) -> str:
    """Return one SHA-256 of many JSON rows, in their order."""
    total = hashlib.sha256()
    for row in rows:
        total.update(canonical({"row": row}).encode())
    return total.hexdigest()


def differences(registered: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence on each part of a design that differs from what was registered."""
    return tuple(
        f"{name.replace('_', ' ').capitalize()}: registered {_text(value)}, now {_text(now[name])}."
        for name, value in registered.items()
        if value is not None and name in now and now[name] != value
    )


_LONG = 60


def _text(value: Any) -> str:
    if isinstance(value, Mapping) and "n" in value:
        return f"{value['n']:,} with digest {value['sha256'][:8]}"
    text = value if isinstance(value, str) else canonical({"": value})[4:-1]
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
