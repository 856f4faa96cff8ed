"""A method's settings are checked by name and by type before anything is run."""

import pytest

from explanations.explainers import EXPLAINERS, Explainer, token_lookup
from explanations.models import Method
from explanations.records import AuthorKind
from explanations.services.methods import SettingRefused
from tests import factories

pytestmark = pytest.mark.django_db

VARIED = Explainer(
    name="varied",
    version=1,
    author=AuthorKind.MODEL,
    explain=token_lookup.EXPLAINER.explain,
    default_config={
        "many": 3,
        "share": 0.5,
        "twice": False,
        "way": "plain",
        "label": "x",
        "of": [1],
        "at": None,
    },
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
