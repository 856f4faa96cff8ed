"""Values that check themselves and are stored as JSON, on pydantic."""

from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    StrictStr,
    ValidationError,
    model_serializer,
)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


NotBlank = Annotated[StrictStr, AfterValidator(_not_blank)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class Record(BaseModel):
    """A frozen value. Its JSON has exactly its fields, leaving out what is empty by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read what `to_json` wrote; ValueError names what is wrong, unknown fields included."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise ValueError(_in_words(error)) from error

    def to_json(self) -> dict[str, Any]:
        """Return a plain object, for storing."""
        return self.model_dump(mode="json")

    @model_serializer(mode="wrap")
    def _without_unset(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = type(self).model_fields
        return {
            name: value
            for name, value in write(self).items()
            if fields[name].is_required()
            or getattr(self, name) != fields[name].get_default(call_default_factory=True)
            or (value and not isinstance(getattr(self, name), Record))
        }


def _in_words(error: ValidationError) -> str:
    """Return the first thing that is wrong, with the field that it is about."""
    first = error.errors(include_url=False)[0]
    *outer, name = first["loc"] or ("",)
    where = ".".join(map(str, outer))
    match first["type"]:
        case "extra_forbidden":
            return f"{where or 'it'} has the unknown field {name!r}"
        case "missing":
            return f"{where or 'it'} lacks the field {name!r}"
        case "model_type":
            text = "is not an object"
        case "value_error":
            text = str(first["ctx"]["error"])
        case _:
            text = first["msg"].replace("Input should be", "must be")
    return ": ".join(filter(None, (".".join(map(str, first["loc"])), text)))
