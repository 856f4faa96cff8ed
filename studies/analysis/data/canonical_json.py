"""Results as text: the same results are the same bytes."""

import json
from collections.abc import Mapping
from typing import Any

_DIGITS = 12


def as_text(results: Mapping[str, Any]) -> str:
    """Return results, ready for JSON, as canonical JSON that ends with a line break.

    Keys are sorted. Numbers have 12 significant digits, which is more than any of them is worth and
    fewer than two processors may differ in; whole ones have no fraction, and zero has no sign.
    """
    return json.dumps(_canonical(results), ensure_ascii=False, sort_keys=True, indent=1) + "\n"


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _canonical(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_canonical(each) for each in value]
    if isinstance(value, float):
        rounded = float(f"{value:.{_DIGITS}g}")
        return int(rounded) if rounded.is_integer() else rounded
    return value
