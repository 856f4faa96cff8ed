"""A method's settings are checked by name and by type before anything is run."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from explanations.explainers import EXPLAINERS, Explainer, token_lookup
from explanations.methods.base import Settings
from explanations.models import Method
from explanations.records import AuthorKind
from explanations.services.methods import (
    SettingRefused,
    method_at_work,
    method_get_or_create,
)
from tests import factories

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, kw_only=True)
class VariedSettings(Settings):
    """A setting of each type."""

    many: int = 3
    share: float = 0.5
    twice: bool = False
    way: str = "plain"
    label: str = "x"
    of: list[int] = field(default_factory=lambda: [1])
    at: Any = None


VARIED = Explainer(
    name="varied",
    version=1,
    author=AuthorKind.MODEL,
    run=token_lookup.EXPLAINER.run,
    settings=VariedSettings,
    choices={"way": ("plain", "steep")},
)


@pytest.fixture(autouse=True)
def varied(monkeypatch) -> None:
    """Build in a method with a setting of each type."""
    monkeypatch.setitem(EXPLAINERS, "varied", VARIED)


@pytest.mark.parametrize(
    ("setting", "value", "fault"),
    [
        ("maany", 3, "varied has no setting called maany: it has many, share"),
        ("seed", 3, "varied has no setting called seed"),
        ("many", "ten", "many is a whole number, such as 3, not 'ten'"),
        ("many", 2.5, "many is a whole number, such as 3, not 2.5"),
        ("many", True, "many is a whole number, such as 3, not True"),
        ("many", None, "many is a whole number, such as 3, not None"),
        ("many", -1, "many is 0 or more, not -1"),
        ("share", "0.5", "share is a number, such as 0.5, not '0.5'"),
        ("share", float("nan"), "share is a finite number, not nan"),
        ("twice", 1, "twice is true or false, such as False, not 1"),
        ("way", 7, "way is a text, such as 'plain', not 7"),
        ("label", " ", "label may not be blank"),
        ("way", "long", "way is one of plain, steep, not 'long'"),
        ("of", "1", "of is a list, such as \\[1\\], not '1'"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_by_its_name(setting, value, fault) -> None:
    with pytest.raises(SettingRefused, match=fault) as refused:
        factories.builtin("explainer", "varied", **{setting: value})
    assert refused.value.setting == setting
    assert not Method.objects.exists()


def test_settings_that_fit_take_the_place_of_the_methods_own() -> None:
    method = factories.builtin("explainer", "varied", many=4, share=1, at="anything")
    assert method.config == {**VARIED.default_config, "many": 4, "share": 1.0, "at": "anything"}
    # 1 and 1.0 are one configuration, for equal outcomes are paid for once.
    assert method == factories.builtin("explainer", "varied", many=4, share=1.0, at="anything")


def test_a_method_that_draws_by_chance_has_a_seed() -> None:
    assert factories.builtin("explainer", "random_other", seed=3).config == {"seed": 3}


# SHA-256, first 16 digits, of methods as they were stored before settings were dataclasses.
STORED = {
    ("explainer", "token_lookup"): "9a376699595477b2",
    ("explainer", "ngram"): "c53f212e677abddc",
    ("explainer", "random_other"): "84c91e5b726e81e1",
    ("explainer", "null"): "bcc3365ca163e1c8",
    ("simulator", "token_lookup"): "dd7e44883f318864",
    ("simulator", "embedding"): "d45cc9b02e9469b3",
    ("scorer", "correlation"): "92c2eea21f1537d6",
    ("scorer", "r_squared"): "1f4a533150671e33",
    ("scorer", "absolute_deviation_explained"): "a88300cc91a01f52",
    ("scorer", "embedding"): "79f5754c5db5ee61",
    ("scorer", "surprisal"): "f0d8574ea6dc415d",
    ("scorer", "generation"): "e97387e0b3b0d417",
    ("scorer", "ablation"): "ab3d43e609e60c9b",
    ("scorer", "program"): "bda909bd156e09ba",
}


@pytest.mark.parametrize(("kind", "name"), STORED)
def test_a_method_that_did_not_change_is_the_one_that_is_stored(
    kind: str, name: str, settings: Any
) -> None:
    settings.LLM_MODEL = "tiny"
    assert factories.builtin(kind, name).digest.startswith(STORED[kind, name])


def test_a_method_whose_prompt_changed_is_stored_next_to_the_old_one(settings: Any) -> None:
    settings.LLM_MODEL = "tiny"
    config = {"records": 5, "repeat_below": 0.2, "max_tokens": 120, "model": "tiny"}
    old = method_get_or_create(
        kind=Method.Kind.EXPLAINER, name="token_activation", version=1, config=config
    )
    new = factories.builtin("explainer", "token_activation")
    assert (new.version, new.config) == (2, config)
    assert set(Method.objects.all()) == {old, new}
    with pytest.raises(LookupError, match="token_activation is at version 2 here"):
        method_at_work(method=old)
