"""The types of JSON fields: texts and numbers that the database can hold, checked by pydantic."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

import numpy as np
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

LARGEST = 2**31 - 1
"""Where the database's integer columns end."""

LARGEST_FLOAT32 = float(str(np.finfo(np.float32).max))
"""As its eight digits say, which is a little more; reading them gives the largest float32."""

Values: TypeAlias = tuple[float, ...]
"""Activations: numbers that float32 can hold exactly."""

_TEXT = r"\A[^\x00]*\z"
_NOT_BLANK = r"\A[^\x00]*[^\x00\s][^\x00]*\z"


class Strict:
    """A dataclass of which a file may give no fields that it doesn't have."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


def problem(field: str, message: str) -> PydanticCustomError:
    """Return the error of one field, for validators that look at several."""
    # Curly brackets are placeholders of the template.
    return PydanticCustomError("problem", "{message}", {"message": message, "field": field})


def text(longest: int = LARGEST, *, blank: bool = False) -> StringConstraints:
    """Return what a text must be: at most so long, no NUL, no half of a surrogate pair."""
    pattern = _TEXT if blank else _NOT_BLANK
    return StringConstraints(strict=True, max_length=longest, pattern=pattern)


def _float32(values: Values) -> Values:
    return tuple(np.array(values, np.float32).tolist())


def _in_float32(values: Values) -> Values:
    if (np.abs(values) > LARGEST_FLOAT32).any():  # false for nan
        raise ValueError("holds a number that float32 can't hold")
    return _float32(values)


def _nan_for_null(raw: object) -> object:
    if not isinstance(raw, list):
        return raw
    if raw and all(value is None for value in raw):
        raise ValueError("holds no number")
    return [math.nan if value is None else value for value in raw]


def _storable(value: object) -> bool:
    """Return whether a JSON value is free of NaN, infinity, NUL and halves of surrogate pairs."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= each <= "\udfff" for each in value)
    if isinstance(value, dict):
        return all(_storable(each) for pair in value.items() for each in pair)
    if isinstance(value, list):
        return all(map(_storable, value))
    return not isinstance(value, float) or math.isfinite(value)


def _object(value: object) -> object:
    if not isinstance(value, dict):
        raise ValueError("should be an object")
    if not _storable(value):
        raise ValueError("holds a value that no database keeps")
    return value


ShortName: TypeAlias = Annotated[str, text(100)]
Name: TypeAlias = Annotated[str, text(200)]
FullText: TypeAlias = Annotated[str, text(), AfterValidator(str.strip)]
Reason: TypeAlias = Annotated[
    str, text(300, blank=True), BeforeValidator(lambda value: "" if value is None else value)
]
Index: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=LARGEST)]
Positive: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=LARGEST)]
Number: TypeAlias = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Share: TypeAlias = Annotated[float, Field(strict=True, ge=0, le=1)]
Tokens: TypeAlias = tuple[Annotated[str, text(blank=True)], ...]
Float32: TypeAlias = Annotated[
    float, Field(strict=True, allow_inf_nan=False, ge=-LARGEST_FLOAT32, le=LARGEST_FLOAT32)
]
Floats: TypeAlias = Annotated[tuple[Float32, ...], AfterValidator(_float32)]
# A token that got no value is null in a file and nan here.
FloatsWithGaps: TypeAlias = Annotated[
    tuple[Annotated[float, Field(strict=True)], ...],
    BeforeValidator(_nan_for_null),
    AfterValidator(_in_float32),
]
JSONObject: TypeAlias = Annotated[Mapping[str, Any], BeforeValidator(_object)]
