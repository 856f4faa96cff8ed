"""Figures: what a reader, a screen reader and a phone get from them."""

import re
from math import inf
from xml.etree import ElementTree as ET

import pytest

from studies.analysis.charts.forest_plot import forest_plot
from studies.analysis.charts.gap_chart import gap_chart
from studies.analysis.charts.svg import Drawing
from studies.analysis.data.estimate import Estimate, undefined
from studies.analysis.data.published import PUBLISHED, published_for
from studies.analysis.statistics.noise_ceiling import noise_ceiling
from studies.analysis.statistics.score_votes import GapBin, agreement_by_gap
from studies.analysis.statistics.votes import read_votes

SVG = "{http://www.w3.org/2000/svg}"


def made(value: float, low: float, high: float) -> Estimate:
    return Estimate(
        value=value, low=low, high=high, se=0.1, n_units=9, n_raters=4, n_ratings=36, method="made"
    )


def bins() -> tuple[GapBin, ...]:
    """Two neurons by three raters; gaps .05 and .35."""
    gaps = [0.05, 0.35] * 3
    votes = read_votes([1, 2] * 3, [1, 1, 2, 2, 3, 3], gaps, [1, 1, -1, 1, 1, -1])
    return agreement_by_gap(votes)


def drawn(figure: Drawing) -> str:
    return figure.svg(title="t", ident="x")


def parsed(figure: Drawing) -> ET.Element:
    return ET.fromstring(drawn(figure))  # noqa: S314 - our own output


def texts(figure: Drawing) -> list[str]:
    return [node.text or "" for node in parsed(figure).iter(f"{SVG}text")]


def marks(figure: Drawing, name: str, fill: str) -> list[ET.Element]:
    return [m for m in parsed(figure).iter(SVG + name) if fill in m.get("fill", "")]


@pytest.mark.parametrize(
    "figure",
    [
        gap_chart(bins()),
        gap_chart([]),
        forest_plot([("a", made(0.6, 0.5, 0.7))], axis="share"),
        forest_plot([], axis="share"),
    ],
    ids=["gap", "no gap", "forest", "no forest"],
)
def test_a_figure_is_an_image_with_a_name_and_words_and_scales(figure: Drawing) -> None:
    root = parsed(figure)
    title, words = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert words is not None
    assert (title.get("id"), words.get("id")) == ("x-title", "x-desc")
    assert root.get("aria-labelledby") == "x-title x-desc"
    assert (root.get("role"), root.get("width")) == ("img", "100%")
    assert root.get("height") is None
    assert title.text
    assert words.text
    assert "style=" not in drawn(figure)


def test_every_colour_is_a_variable_of_the_page_with_a_fallback() -> None:
    rows = [("a", made(0.6, 0.5, 0.7))]
    figure = drawn(gap_chart(bins())) + drawn(forest_plot(rows, axis="x"))
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', figure)) - {"none"}
    assert all(re.fullmatch(r"var\(--chart-\w+, #[0-9a-f]{6}\)", colour) for colour in colours)


def test_the_gap_chart_names_its_axes_and_gives_the_votes_under_each_bin() -> None:
    found = texts(gap_chart(bins()))
    assert "Votes won by the higher score" in found
    assert "Score gap (difference of the two scores)" in found
    assert {"100%", "50%", "0\N{EN DASH}.1", "> .6"} <= set(found)
    assert found.count("3") == 2
    assert found.count("0") == 5


def test_published_figures_stand_beside_the_declared_bins_and_no_others() -> None:
    other = agreement_by_gap(read_votes([1], [1], [0.3], [1]), (0.0, 0.5, inf))
    with_them = gap_chart(bins(), published=PUBLISHED)
    assert len(marks(with_them, "circle", "none")) == len(PUBLISHED) + 1  # and one in the legend
    assert "GPT-2 XL, Bills et al. (2023)" in texts(with_them)
    assert not marks(gap_chart(bins()), "circle", "none")
    with pytest.raises(ValueError, match=r"^published: "):
        gap_chart(other, published=PUBLISHED)


def test_published_figures_are_for_correlations_alone() -> None:
    assert published_for("correlation · embedding") == PUBLISHED
    assert not published_for("r squared · embedding")
    assert not published_for("absolute deviation explained")


def test_the_noise_ceiling_is_shaded_where_it_is_and_only_told_where_it_is_not() -> None:
    # A = .8, upper .887: band from 1 - .887 to 1 - .8 of the 200 units of height
    units = [unit for unit in range(5) for _ in range(2)]
    outcome = [1, 1, -1, -1, 1, 1, -1, -1, 1, -1]
    figure = gap_chart(bins(), ceiling=noise_ceiling(units, [0, 1] * 5, outcome))
    band = marks(figure, "rect", "--chart-band")[0]
    assert float(band.get("height", "")) == pytest.approx((0.887298 - 0.8) * 200, abs=0.01)
    assert "noise ceiling, 80% to 89%: as far as people agree" in texts(figure)
    without = gap_chart(bins(), ceiling=noise_ceiling([0, 0], [0, 1], [1, -1]))
    assert not marks(without, "rect", "--chart-band")
    assert "undefined, raters agree less than half the time" in without.alt_text


def test_too_few_judgments_give_a_figure_that_says_so() -> None:
    nothing = agreement_by_gap(read_votes([1], [1], [0.3], [0]))
    assert "Not enough judgments yet" in texts(gap_chart(nothing))
    rows = [("scorer", undefined("no vote was decided", method="m"))]
    assert "Not enough judgments yet" in texts(forest_plot(rows, axis="x"))


def test_a_row_without_value_says_why_and_a_value_without_interval_says_so() -> None:
    lone = Estimate(value=0.5, n_units=1, n_raters=1, n_ratings=4, method="m", note="one rater")
    rows = [("a", undefined("no variation", method="m")), ("b", lone), ("c", made(0.6, 0.5, 0.7))]
    found = texts(forest_plot(rows, axis="share of votes", reference=0.5))
    assert {"Undefined: no variation", "0.50, no interval", "0.60 [0.50, 0.70]"} <= set(found)
    assert "share of votes" in found


def test_what_reaches_beyond_the_axis_ends_in_an_arrow_inside_it() -> None:
    rows = [("a", made(0.9, 0.7, 1.3)), ("b", made(-0.5, -0.9, 0.2))]
    figure = forest_plot(rows, axis="alpha")
    assert len(marks(figure, "polygon", "--chart-accent")) == 2
    assert len(marks(figure, "circle", "--chart-accent")) == 1
    ends = [
        float(line.get(end, ""))
        for line in parsed(figure).iter(f"{SVG}line")
        for end in ("x1", "x2")
    ]
    assert all(0 <= x <= 400 for x in ends)


def test_names_are_escaped() -> None:
    figure = forest_plot([("<script>&\"'", made(0.6, 0.5, 0.7))], axis="</text>")
    made_svg = figure.svg(title="<b>", ident='"><x')
    assert "<script>" not in made_svg
    assert "<script>&\"'" in texts(figure)
    root = ET.fromstring(made_svg)  # noqa: S314 - our own output
    assert root.get("aria-labelledby") == '"><x-title "><x-desc'


def test_limits_that_do_not_increase_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^limits: "):
        forest_plot([], axis="x", limits=(1.0, 1.0))
