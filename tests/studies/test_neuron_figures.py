"""Numbers and tokens on pages about neurons read as people write them."""

import math

import pytest

from studies.templatetags.neurons import figures, share, two_decimals, visible


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1.8936, "1.89"),
        (-0.0315, "\N{MINUS SIGN}0.0315"),
        (-0.0, "0"),
        (307200.4, "307,200"),
        (None, "\N{EN DASH}"),
        (math.nan, "\N{EN DASH}"),
    ],
)
def test_a_number_has_three_significant_figures(value: float | None, shown: str) -> None:
    assert figures(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.00017, "0.017"),
        (0.099, "9.9"),
        (0.23, "23"),
        (0.99, "99"),
        (0.9981, "99.8"),
        (1.0, "100"),
    ],
)
def test_a_share_near_0_or_1_keeps_what_sets_it_apart(value: float, shown: str) -> None:
    assert share(value) == f"{shown}%"


def test_a_share_that_nobody_knows_is_a_dash() -> None:
    assert share(None) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.874, "0.87"), (-0.5, "\N{MINUS SIGN}0.50"), (-0.001, "0.00"), (None, "\N{EN DASH}")],
)
def test_scores_have_two_decimals(value: float | None, shown: str) -> None:
    assert two_decimals(value) == shown


@pytest.mark.parametrize(
    ("token", "shown"),
    [
        (" fish", '<span class="space">␣</span>fish'),
        ("fish", "fish"),
        ("\n", '<span class="space">↵</span>'),
        ("<b> x", "&lt;b&gt; x"),
        ("a\n ", 'a<span class="space">↵␣</span>'),
        ("", ""),
    ],
)
def test_space_around_a_token_is_seen(token: str, shown: str) -> None:
    assert visible(token) == f'<bdi class="token">{shown}</bdi>'
