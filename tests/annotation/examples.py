"""Example answers of every protocol, as JSON and as a form sends them; payloads: `factories`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Payload = Mapping[str, Any]
WRITTEN = "fish that live in rivers"


def option_keys(payload: Payload) -> list[str]:
    """Return the keys of what a question offers."""
    return [option["key"] for option in payload.get("options", [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """`answer` fits any payload, as JSON.

    `form`, `other` and `wrong` are the fields that two different complete forms and a faulty one
    send about the payload of `factories.item_of`, by its keys.
    """

    answer: Callable[[Payload], dict[str, Any]]
    form: Callable[[list[str]], dict[str, Any]]
    other: Callable[[list[str]], dict[str, Any]]
    wrong: Callable[[list[str]], dict[str, Any]]


def _preferred(payload: Payload) -> dict[str, Any]:
    return {"choice": "tie" if payload.get("tie", True) else option_keys(payload)[0]}


def _rated(payload: Payload) -> dict[str, Any]:
    lowest = {each["key"]: each["points"][0]["value"] for each in payload["dimensions"]}
    return {"rating": dict.fromkeys(option_keys(payload), lowest)}


def _rubric(keys: list[str], *, clear: str) -> dict[str, str]:
    rated = {"clear": clear, "one_idea": "0", "covers": "70"}
    return {f"rating.{keys[0]}.{name}": value for name, value in rated.items()}


def _places(keys: list[str]) -> dict[str, int]:
    return {key: place for place, key in enumerate(keys, start=1)}


EXAMPLES: dict[str, Example] = {
    "compare": Example(
        answer=_preferred,
        form=lambda keys: {"choice": keys[-1]},
        other=lambda keys: {"choice": keys[0]},
        wrong=lambda _keys: {"choice": "other"},
    ),
    "rank": Example(
        answer=lambda payload: {"place": _places(option_keys(payload))},
        form=lambda keys: {f"place.{key}": str(place) for key, place in _places(keys).items()},
        other=lambda keys: {
            f"place.{key}": str(place) for key, place in _places(keys[::-1]).items()
        },
        wrong=lambda keys: {f"place.{key}": "1" for key in keys},
    ),
    "rate": Example(
        answer=_rated,
        form=lambda keys: _rubric(keys, clear="4"),
        other=lambda keys: _rubric(keys, clear="1"),
        wrong=lambda keys: {f"rating.{key}.clear": "4" for key in keys},
    ),
    "choose": Example(
        answer=lambda payload: {"choice": option_keys(payload)[0]},
        form=lambda keys: {"choice": keys[-1]},
        other=lambda keys: {"choice": keys[0]},
        wrong=lambda _keys: {"choice": "other"},
    ),
    "mark": Example(
        answer=lambda payload: {"marked": option_keys(payload)[:1]},
        form=lambda keys: {"marked[]": [keys[0], keys[2]]},
        other=lambda _keys: {"none": "1"},
        wrong=lambda _keys: {},
    ),
    "simulate": Example(
        answer=lambda payload: {"values": [[3] * len(tokens) for tokens in payload["texts"]]},
        form=lambda _keys: {"values.0.1": "9", "values.1.2": "4", "values.1.3": ""},
        other=lambda _keys: {"none": "1"},
        wrong=lambda _keys: {"values.0.1": "12"},
    ),
    "write": Example(
        answer=lambda _payload: {"text": "it responds to certain words"},
        form=lambda _keys: {"text": WRITTEN},
        other=lambda _keys: {"text": "something else now"},
        wrong=lambda _keys: {"text": "fish"},
    ),
}


def answer_to(payload: Payload, protocol: str) -> dict[str, Any]:
    """Return an answer to a question, with confidence where it is asked for."""
    sure = {"confidence": 2} if payload.get("asks", {}).get("confidence") else {}
    return {**EXAMPLES[protocol].answer(payload), **sure}
