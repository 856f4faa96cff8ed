"""What calls cost is read from a table that says what is wrong with it."""

import pytest

from explanations.prices import Price, Prices


def test_a_call_costs_what_its_tokens_cost() -> None:
    prices = Prices.read({"small": {"in": 0.15, "out": 0.6}})
    # 2,000,000 * 0.15 / 1e6 + 500,000 * 0.6 / 1e6 = 0.30 + 0.30
    assert prices["small"].of(tokens_in=2_000_000, tokens_out=500_000) == pytest.approx(0.6)


def test_a_model_that_is_not_listed_has_no_price_and_one_may_be_free() -> None:
    prices = Prices.read({"ours": {"in": 0, "out": 0}})
    assert prices.get("theirs") is None
    assert prices["ours"] == Price(tokens_in=0, tokens_out=0)


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        ([], "no table of prices"),
        ({"m": 3}, "m: write"),
        ({"m": {"in": 1}}, "m: write"),
        ({"m": {"in": 1, "out": 2, "cached": 3}}, "m: write"),
        ({"m": {"in": "1", "out": 2}}, "m, in: '1' is no price"),
        ({"m": {"in": 1, "out": -2}}, "m, out: -2 is no price"),
        ({"m": {"in": True, "out": 2}}, "m, in: True is no price"),
        ({"m": {"in": 1, "out": float("inf")}}, "m, out: inf is no price"),
    ],
)
def test_a_fault_in_the_table_names_the_model_and_the_entry(table: object, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Prices.read(table)
