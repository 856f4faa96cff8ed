"""Orders and choices among conditions in words and figures."""

from collections.abc import Iterator

from studies.analysis.charts.gap_chart import gap_chart
from studies.analysis.protocols.base import KeyFigure, Section
from studies.analysis.protocols.rank.analyse import Orders, PairLink
from studies.analysis.report import conditions
from studies.analysis.report.figure import Cell, Figure
from studies.analysis.report.forest import forest
from studies.analysis.report.scores import NO_SCORE, score_links
from studies.analysis.report.wording import counted, decimal, number, quoted, share

_LOW_AGREEMENT = 0.3


def primary(found: Orders) -> PairLink | None:
    """Return the scorer of the headline, if any."""
    return None if found.primary is None else found.pair_links[found.primary]


def key_figures(found: Orders) -> tuple[KeyFigure, ...]:
    """Return the shares put first, the leader's lead, agreement and the score's share of pairs."""
    link, orders = primary(found), found.concordance
    figures = [
        *((f"Put first, {top.condition}", "share", top.share) for top in found.tops),
        *(
            (f"{c.first} ahead of {c.second}, log-odds", "number", c.lead)
            for c in found.board.contrasts[:1]
        ),
        *([("Correlation of two raters' orders", "number", orders.pairs)] if orders else []),
        *([(f"Pairs won by the higher {link.scorer}", "share", link.agreement.strict)]
          if link else []),
    ]  # fmt: skip
    return tuple(KeyFigure(*figure) for figure in figures)


def headline(found: Orders) -> str:
    """Say who is put first most often, whether raters agree, and whether a score predicts it."""
    top = found.tops[0]
    done = "chosen" if found.kind == "choice" else "put first"
    text = f"{quoted(top.condition)} is {done} in {share(top.share)} of the answers that show it"
    if found.n_shown:
        text += f", of at most {found.n_shown} shown together"
    link = primary(found)
    if found.concordance is not None:
        text += f"; two raters' orders correlate by {number(found.concordance.pairs)}"
    if link is None:
        return f"{text}. No score covers the explanations."
    return f"{text}. The higher {link.scorer} score wins {share(link.agreement.strict)} of pairs."


def warnings(found: Orders) -> Iterator[str]:
    """Say what is missing, where raters hardly agree, and where a position has an advantage."""
    if found.never_shown:
        yield f"No answers yet about: {', '.join(found.never_shown)}."
    if found.board.reason:
        yield f"No leaderboard: {found.board.reason}."
    orders = found.concordance.pairs if found.concordance else None
    if orders is not None and orders.defined and orders.value < _LOW_AGREEMENT:
        yield (
            f"Raters hardly agree: two orders of one item correlate by {decimal(orders.value)}, "
            "so no score can predict them well."
        )
    first = found.places[0].share if found.places else None
    chance = 1 / found.n_shown if found.n_shown else 0.0
    if first is not None and first.has_interval and not first.low <= chance <= first.high:
        yield (
            f"Position bias: the option shown first comes first in {share(first)} of answers. "
            "Positions are balanced, so it adds noise but favors no condition."
        )
    for link in found.pair_links:
        if link.n_unscored:
            yield f"{link.scorer}: {counted(link.n_unscored, 'pair')} left out without a score."


def methods_text(found: Orders) -> str:
    """Return what a methods paragraph says about the orders."""
    tops = "; ".join(f"{top.condition} {share(top.share)}" for top in found.tops)
    orders = found.concordance
    agreement = (
        f" Two raters' orders of one item correlated by {number(orders.pairs)} (Kendall's W "
        f"{number(orders.w)})."
        if orders
        else ""
    )
    return (
        f"Conditions were ranked by {found.board.model} with errors clustered by neuron and by "
        f"rater. Put first, of the answers that show it: {tops}.{agreement} Pairs from one answer "
        "are not independent and were left out together in every interval."
    )


# --- Figures --------------------------------------------------------------------------------------


def figures(found: Orders) -> dict[str, Figure]:
    """Return the leaderboard, counts, pairs, agreement, positions and scores."""
    drawn = {
        "board": conditions.leaderboard(
            found.board, note="Errors are clustered by neuron and by rater."
        ),
        "tops": _tops(found),
        "wins": _wins(found),
        "agreement": _agreement(found),
        "places": _places(found),
        "pair-scores": _pair_scores(found),
        **score_links(found.links, what="position"),
    }
    if found.counts:
        drawn["counts"] = _counts(found)
    link = primary(found)
    if link is not None:
        drawn["gap"] = _gap(link)
    return drawn


def _chance(found: Orders) -> float | None:
    return 1 / found.n_shown if found.n_shown else None


def _tops(found: Orders) -> Figure:
    return forest(
        [(top.condition, top.share) for top in found.tops],
        title=f"How often each condition is {'chosen' if found.kind == 'choice' else 'put first'}",
        caption="Of the answers that show it. The dashed line is chance, all being equal.",
        name="Condition",
        axis="Share of answers",
        reference=_chance(found),
    )


def _counts(found: Orders) -> Figure:
    return Figure(
        title="Best and worst",
        caption=(
            "Score: times best minus times worst, divided by times shown; from \N{MINUS SIGN}1 to "
            "1. It depends on which conditions were shown together, which is balanced here."
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


def _wins(found: Orders) -> Figure:
    which = {
        "order": "An order counts as all its pairs",
        "best_worst": "Only pairs with the best or the worst count",
        "choice": "The chosen option counts as preferred to each of the others",
    }[found.kind]
    return conditions.win_matrix(
        found.wins,
        title="How often the row comes before the column",
        caption=(
            f"{which}: {counted(found.n_pairs, 'pair')} in all. Pairs from one answer are not "
            "independent votes; intervals leave them out together. In percent of the pairs of two "
            "conditions."
        ),
        names=("First", "Before", "Share of pairs"),
        legend="share of pairs",
    )


def _agreement(found: Orders) -> Figure:
    rows: list[tuple[Cell, ...]] = [
        (f"{m.name}, of what comes first", m.estimate, m.says) for m in found.agreement
    ]
    orders = found.concordance
    if orders is not None:
        rows = [
            (
                "Correlation of two raters' orders",
                orders.pairs,
                "Spearman's, mean over items; 0 is chance, however many rate",
            ),
            (
                "Kendall's W",
                orders.w,
                "Mean over items; grows by chance when few rate: compare at equal numbers",
            ),
            *rows,
        ]
    return Figure(
        title="Measures of agreement",
        caption="Two raters of one item. The first option is identified by its position in the "
        "item's own list.",
        columns=(("Measure", "text"), ("Value", "number"), ("What it means", "text")),
        rows=rows,
        empty="No answers yet.",
    )


def _places(found: Orders) -> Figure:
    return forest(
        [(f"Shown in position {each.place}", each.share) for each in found.places],
        title="Does the position on the screen matter?",
        caption="Every condition is shown equally often in every position, so all shares should be "
        "equal.",
        name="Position",
        axis="Share that came first",
        reference=_chance(found),
    )


def _pair_scores(found: Orders) -> Figure:
    return forest(
        [
            (
                link.scorer,
                link.agreement.strict,
                link.top,
                link.chance if link.chance == link.chance else None,
                link.n_unscored,
            )
            for link in found.pair_links
        ],
        title="How often the higher score comes first, by scorer",
        caption=(
            "Over the pairs that answers contain, between different scores. “Best has the top "
            "score” is over whole answers; compare it with chance."
        ),
        axis="Pairs won by the higher score",
        columns=(
            ("Scorer", "text"),
            ("Pairs won by the higher score", "share"),
            ("Best has the top score", "share"),
            ("By chance", "share"),
            ("Pairs without a score", "count"),
        ),
        reference=0.5,
        empty=NO_SCORE,
    )


def _gap(link: PairLink) -> Figure:
    return Figure(
        title="How often the higher score comes first, by score gap",
        caption=(
            f"The further apart two {link.scorer} scores are, the more often the higher one should "
            "come first."
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
        drawing=gap_chart(link.by_gap),
    )


def sections(found: Orders) -> tuple[Section, ...]:
    """Order the figures: who leads, agreement, scores, positions."""
    return (
        Section(
            title="Who comes first?",
            lead="All conditions by the answers that put them in order.",
            figures=("board", "tops", "counts", "wins"),
        ),
        Section(title="Do raters agree?", figures=("agreement",)),
        Section(
            title="Do scores predict the order?",
            lead="Within neurons; item level and system level are two questions.",
            figures=("gap", "pair-scores", "links-item", "links-levels"),
        ),
        Section(
            title="Position on the screen",
            lead="The option shown first should have no advantage.",
            figures=("places",),
        ),
    )
