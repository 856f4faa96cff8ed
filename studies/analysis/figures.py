"""The figures of the results page."""

from studies.analysis.charts import forest_plot, gap_chart, published_beside
from studies.analysis.results import Results


def figures(results: Results) -> dict[str, str]:
    """Return SVG text by name: `gap` (when there is a score), `scorers`, `methods`.

    Each says so when judgments are synthetic, since it may be copied without the page's notice.
    """
    synthetic = results.n_synthetic > 0
    drawn = {
        "scorers": forest_plot(
            [(scorer.scorer, scorer.agreement.strict) for scorer in results.scorers],
            title="How often the higher score won the vote, by scorer",
            axis="Decided votes won by the higher score",
            reference=0.5,
            synthetic=synthetic,
            ident="scorers",
        ),
        "methods": forest_plot(
            [(method.condition, method.rate) for method in results.methods.rates],
            title="Win rate of each condition against the others",
            axis="Win rate, a tie as half",
            reference=0.5,
            synthetic=synthetic,
            ident="methods",
        ),
    }
    if results.primary is not None:
        primary = results.scorers[results.primary]
        drawn["gap"] = gap_chart(
            primary.by_gap,
            ceiling=results.ceiling,
            published=published_beside(primary.scorer),
            synthetic=synthetic,
            ident="gap",
        )
    return drawn
