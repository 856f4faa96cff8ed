"""How often which activation: what a drawing shows, and what it says in words."""

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.analysis.charts.distributions import histogram, sparkline

EDGES = [-1.0, 0.0, 1.0, 2.0]


def bars(figure: str) -> list[tuple[float, float]]:
    """Return where each bar begins from the left, and its height."""
    root = ET.fromstring(figure)  # noqa: S314 - our own output
    found = [node for node in root.iter() if node.tag.endswith("rect")]
    return [(float(bar.attrib["x"]), float(bar.attrib["height"])) for bar in found]


def test_bins_without_tokens_have_no_bar_and_a_single_token_has_one() -> None:
    (first, high), (last, low) = bars(histogram(EDGES, [1000, 0, 1]))
    assert first < last
    assert high > low > 0


def test_ten_times_the_tokens_are_one_step_higher_whatever_their_number() -> None:
    heights = [height for _, height in bars(histogram(EDGES, [10, 100, 1000]))]
    assert heights[2] - heights[1] == pytest.approx(heights[1] - heights[0], abs=0.02)


def test_the_words_name_the_range_the_number_and_the_commonest_bin() -> None:
    (told,) = re.findall("<desc[^>]*>(.*?)</desc>", histogram(EDGES, [2, 1000, 1]))
    assert told == "1,003 tokens from -1 to 2; most often from 0 to 1."


def test_0_is_named_on_the_axis_where_the_bins_reach_over_it() -> None:
    edges = [-(2.0**n) for n in range(9, -4, -1)] + [2.0**n for n in range(-10, 9)]
    assert ">0<" in histogram(edges, [1] * (len(edges) - 1))


@pytest.mark.parametrize(("edges", "counts"), [([0.0, 1.0], [1, 2]), ([0.0], [])])
def test_edges_that_enclose_no_counts_are_refused(edges: list[float], counts: list[int]) -> None:
    with pytest.raises(ValueError, match="do not enclose"):
        histogram(edges, counts)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60))
def test_every_bar_stays_inside_the_drawing(counts: list[int]) -> None:
    figure = histogram([float(n) for n in range(len(counts) + 1)], counts)
    assert all(0 <= height <= 140 for _, height in bars(figure))
    spark = bars(sparkline(counts))
    assert len(spark) == sum(n > 0 for n in counts)
    assert all(1.5 <= height <= 28 for _, height in spark)
