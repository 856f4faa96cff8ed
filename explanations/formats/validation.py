"""Checking JSON from files by the types of `lines`: every problem is reported with its field."""

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from explanations.formats.fields import Problems, kind

T = TypeVar("T")

_MESSAGES = {
    "unexpected_keyword_argument": "there is no such field",
    "missing": "is missing",
    "string_unicode": "holds a character that no database keeps",
}
_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "float_type": "a number",
    "dataclass_type": "an object",
    "tuple_type": "an array",
}


def validated(adapter: TypeAdapter[T], raw: Any, problems: Problems) -> T | None:
    """Return a JSON value as what the adapter makes of it; None and the problems noted if it can't.

    All fields are checked, so one value may have several problems.
    """
    try:
        return adapter.validate_python(raw)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            problems.note(_path(each), _message(each))
    return None


def _path(error: ErrorDetails) -> str:
    path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in error["loc"])
    if "field" in error.get("ctx", {}):
        path = f"{path}.{error['ctx']['field']}"
    return path.removeprefix(".")


def _message(error: ErrorDetails) -> str:
    name, value = error["type"], error["input"]
    if name in _TYPES:
        return f"expected {_TYPES[name]}, not {kind(value)}"
    if name == "string_pattern_mismatch":
        return _MESSAGES["string_unicode"] if value.strip() else "is empty"
    text = error["msg"].removeprefix("Input ").removeprefix("Value error, ")
    if name in ("enum", "greater_than_equal", "less_than_equal"):
        return f"{text}, not {value!r:.60}"
    return _MESSAGES.get(name, text)
