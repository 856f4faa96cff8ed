"""Orders and choices among conditions in words and figures."""

from collections.abc import Iterator
from typing import Any

from studies.analysis.charts.forest_plot import forest_plot
from studies.analysis.charts.gap_chart import gap_chart
from studies.analysis.protocols import common
from studies.analysis.protocols.base import KeyFigure, ProtocolAnalysis, Section
from studies.analysis.protocols.compare.figures.methods import against_each_other, standings
from studies.analysis.protocols.rank.analyse import Orders, PairLink, agreement_input, analyse
from studies.analysis.report.figure import Cell, Figure
from studies.analysis.report.wording import counted, decimal, number, quoted, share

_LOW_AGREEMENT = 0.3


def primary(found: Orders) -> PairLink | None:
    """Return the scorer of the headline, if any."""
    return None if found.primary is None else found.pair_links[found.primary]


def key_figures(found: Orders) -> tuple[KeyFigure, ...]:
    """Name the shares put first, the leader's lead, agreement and the score's share of pairs."""
    tops = [
        KeyFigure(name=f"Put first, {top.condition}", kind="share", estimate=top.share)
        for top in found.tops
    ]
    board = found.board
    leads = [
        KeyFigure(name=f"{c.first} ahead of {c.second}, log-odds", kind="number", estimate=c.lead)
        for c in board.contrasts[:1]
    ]
    alike = [] if found.concordance is None else [
        KeyFigure(
            name="Correlation of two raters' orders",
            kind="number",
            estimate=found.concordance.pairs,
        )
    ]  # fmt: skip
    link = primary(found)
    scores = [] if link is None else [
        KeyFigure(
            name=f"Pairs won by the higher {link.scorer}",
            kind="share",
            estimate=link.agreement.strict,
        )
    ]  # fmt: skip
    return (*tops, *leads, *alike, *scores)


def headline(found: Orders) -> str:
    """Say who is put first most often, whether raters agree, and whether a score foresees it."""
    top = found.tops[0]
    done = "chosen" if found.kind == "choice" else "put first"
    said = f"{quoted(top.condition)} is {done} in {share(top.share)} of the answers that show it"
    if found.n_shown:
        said += f", of at most {found.n_shown} side by side"
    link = primary(found)
    if found.concordance is not None:
        said += f"; two raters' orders correlate by {number(found.concordance.pairs)}"
    if link is None:
        return f"{said}. No score covers the explanations."
    return f"{said}. The higher {link.scorer} score wins {share(link.agreement.strict)} of pairs."


def warnings(found: Orders) -> Iterator[str]:
    """Say what is missing, where raters hardly agree, and where a place has an advantage."""
    if found.never_shown:
        yield f"No answers yet about: {', '.join(found.never_shown)}."
    if found.board.reason:
        yield f"No leaderboard: {found.board.reason}."
    alike = found.concordance.pairs if found.concordance else None
    if alike is not None and alike.defined and alike.value < _LOW_AGREEMENT:
        yield (
            f"Raters hardly agree: two orders of one item correlate by {decimal(alike.value)}, "
            "so no score can foresee them well."
        )
    first = found.places[0].share if found.places else None
    chance = 1 / found.n_shown if found.n_shown else 0.0
    if first is not None and first.has_interval and not first.low <= chance <= first.high:
        yield (
            f"Place bias: what is shown first comes first in {share(first)} of answers. Places are "
            "balanced, so it blurs the results without favouring a condition."
        )
    for link in found.pair_links:
        if link.n_unscored:
            yield f"{link.scorer}: {counted(link.n_unscored, 'pair')} left out for want of a score."


def methods_text(found: Orders) -> str:
    """Return what a methods paragraph says of the orders."""
    tops = "; ".join(f"{top.condition} {share(top.share)}" for top in found.tops)
    alike = found.concordance
    agreement = (
        f" Two raters' orders of one item correlated by {number(alike.pairs)} (Kendall's W "
        f"{number(alike.w)})."
        if alike
        else ""
    )
    return (
        f"Conditions were ranked by {found.board.model} with errors clustered by neuron and by "
        f"rater. Put first, of the answers that show it: {tops}.{agreement} Pairs of one answer "
        "hang together and were left out together in every interval."
    )


# --- Figures --------------------------------------------------------------------------------------


def figures(found: Orders, synthetic: bool) -> dict[str, Figure]:
    """Return the leaderboard, counts, pairs, agreement, places and scores."""
    shown = {
        "board": _board(found, synthetic=synthetic),
        "tops": _tops(found, synthetic=synthetic),
        "wins": _wins(found, synthetic=synthetic),
        "agreement": _agreement(found),
        "places": _places(found, synthetic=synthetic),
        "pair-scores": _pair_scores(found, synthetic=synthetic),
        **common.links(found.links, what="place", ident="links", synthetic=synthetic),
    }
    if found.counts:
        shown["counts"] = _counts(found)
    link = primary(found)
    if link is not None:
        shown["gap"] = _gap(link, synthetic=synthetic)
    return shown


def _board(found: Orders, *, synthetic: bool) -> Figure:
    return standings(
        found.board,
        note="Errors are clustered by neuron and by rater.",
        ident="board",
        synthetic=synthetic,
    )


def _tops(found: Orders, *, synthetic: bool) -> Figure:
    chosen = found.kind == "choice"
    return common.listed(
        [(top.condition, top.share) for top in found.tops],
        title="How often each condition is " + ("chosen" if chosen else "put first"),
        caption="Of the answers in which it was shown. The dashed line is chance, all being equal.",
        name="Condition",
        axis="Share of answers",
        kind="share",
        ident="tops",
        reference=1 / found.n_shown if found.n_shown else None,
        synthetic=synthetic,
    )


def _counts(found: Orders) -> Figure:
    return Figure(
        title="Best and worst",
        caption=(
            "Score: times best less times worst, over times shown, from -1 to 1. It hangs on whom "
            "a condition met; here all met all in balance."
        ),
        columns=(
            ("Condition", "text"),
            ("Shown", "count"),
            ("Best", "count"),
            ("Worst", "count"),
            ("Score", "number"),
        ),
        rows=[(str(e.item), e.shown, e.best, e.worst, e.score) for e in found.counts],
        empty="No answers yet.",
    )


def _wins(found: Orders, *, synthetic: bool) -> Figure:
    which = {
        "order": "An order is taken as all its pairs",
        "best_worst": "Pairs with the best or the worst are told apart, no others",
        "choice": "What was chosen is taken as preferred to each of the others",
    }[found.kind]
    return against_each_other(
        found.wins,
        title="How often the row comes before the column",
        caption=(
            f"{which}: {found.n_pairs:,} in all. Pairs of one answer are no independent votes; "
            "intervals leave them out together. In percent of the pairs of two conditions."
        ),
        names=("First", "Before", "Share of pairs"),
        legend="share of pairs",
        synthetic=synthetic,
    )


def _agreement(found: Orders) -> Figure:
    rows: list[tuple[Cell, ...]] = [
        (f"{m.name}, of what comes first", m.estimate, m.says) for m in found.agreement
    ]
    alike = found.concordance
    if alike is not None:
        rows = [
            (
                "Correlation of two raters' orders",
                alike.pairs,
                "Spearman's, mean over items; 0 is chance, however many rate",
            ),
            (
                "Kendall's W",
                alike.w,
                "Mean over items; grows by chance when few rate: compare at equal numbers",
            ),
            *rows,
        ]
    return Figure(
        title="Measures of agreement",
        caption="Two raters of one item. What comes first is named by the item's own list.",
        columns=(("Measure", "text"), ("Value", "number"), ("What it says", "text")),
        rows=rows,
        empty="No answers yet.",
    )


def _places(found: Orders, *, synthetic: bool) -> Figure:
    return common.listed(
        [(f"Shown at place {each.place}", each.share) for each in found.places],
        title="Does the place on the screen matter?",
        caption="Every condition stands at every place equally often, so all should be alike.",
        name="Place",
        axis="Share that came first",
        kind="share",
        ident="places",
        reference=1 / found.n_shown if found.n_shown else None,
        synthetic=synthetic,
    )


def _pair_scores(found: Orders, *, synthetic: bool) -> Figure:
    title = "How often the higher score comes first, by scorer"
    drawn = [(link.scorer, link.agreement.strict) for link in found.pair_links]
    return Figure(
        title=title,
        caption=(
            "Over the pairs that answers hold, between different scores. “Best has the top score” "
            "is over whole answers, beside what chance gives."
        ),
        columns=(
            ("Scorer", "text"),
            ("Pairs won by the higher score", "share"),
            ("Best has the top score", "share"),
            ("By chance", "share"),
            ("Pairs without a score", "count"),
        ),
        rows=[
            (link.scorer, link.agreement.strict, link.top, _number(link.chance), link.n_unscored)
            for link in found.pair_links
        ],
        svg=forest_plot(
            drawn,
            title=title,
            axis="Pairs won by the higher score",
            reference=0.5,
            synthetic=synthetic,
            ident="pair-scores",
        )
        if drawn
        else "",
        empty="No explanation has a score: simulate and score them.",
    )


def _number(value: float) -> float | None:
    return value if value == value else None


def _gap(link: PairLink, *, synthetic: bool) -> Figure:
    return Figure(
        title="How often the higher score comes first, by score gap",
        caption=(
            f"The further two scores of {link.scorer} are apart, the more often the higher one "
            "should come first."
        ),
        columns=(
            ("Score gap up to", "number"),
            ("Higher score first", "share"),
            ("Pairs", "count"),
        ),
        rows=[
            (None if b.high == float("inf") else b.high, b.agreement, b.n_votes)
            for b in link.by_gap
        ],
        svg=gap_chart(link.by_gap, synthetic=synthetic, ident="gap"),
    )


def sections(found: Orders) -> tuple[Section, ...]:
    """Order the figures: who leads, agreement, scores, places."""
    scored: tuple[Any, ...] = ("gap",) if found.primary is not None else ()
    return (
        Section(
            title="Who comes first?",
            lead="All conditions by the answers that put them in order.",
            figures=("board", "tops", *(("counts",) if found.counts else ()), "wins"),
        ),
        Section(title="Do raters agree?", lead="", figures=("agreement",)),
        Section(
            title="Do scores foresee the order?",
            lead="Within neurons; item level and system level are two questions.",
            figures=(*scored, "pair-scores", "links-item", "links-levels"),
        ),
        Section(
            title="Places",
            lead="What stands first on the screen should have no advantage.",
            figures=("places",),
        ),
    )


ANALYSIS = ProtocolAnalysis(
    analyse=analyse,
    key_figures=key_figures,
    headline=headline,
    warnings=warnings,
    figures=figures,
    sections=sections,
    methods_text=methods_text,
    agreement_input=agreement_input,
    declarable=(
        ("board", "Leaderboard"),
        ("tops", "Shares put first"),
        ("counts", "Best and worst"),
        ("wins", "Conditions against each other"),
        ("agreement", "Agreement of raters"),
        ("gap", "Pairs by score gap"),
        ("pair-scores", "Pairs by scorer"),
        ("links", "Places and scores"),
        ("places", "Places on the screen"),
    ),
)
