"""Figures about answers and scores: item level and system level."""

from collections.abc import Sequence

from studies.analysis.report.figure import Figure
from studies.analysis.report.forest import forest
from studies.analysis.report.wording import counted, number
from studies.analysis.statistics.against_scores import ScoreLink

NO_SCORE = "No explanation has a score: simulate and score the explanations."
LEVELS = "Item level and system level are two questions with two answers."


def score_links(links: Sequence[ScoreLink], *, what: str) -> dict[str, Figure]:
    """Return how values go with scores, at item level and at system level."""
    left_out = "; ".join(
        f"{each.scorer}: {counted(n, 'explanation')} without a defined score"
        for each in links
        if (n := sum(reason.n for reason in each.undefined))
    )
    return {
        "links-item": forest(
            [(each.scorer, each.within) for each in links],
            title=f"Item level: {what} and score within neurons",
            caption=(
                "Does the score tell which explanation of a neuron is better? Pearson's "
                f"correlation around each neuron's means, {what} by all its raters."
            ),
            axis="Correlation within neurons",
            columns=(("Scorer", "text"), ("Correlation", "number")),
            limits=(-1.0, 1.0),
            reference=0.0,
            empty=NO_SCORE,
        ),
        "links-levels": Figure(
            title=f"Item level and system level, by scorer: {what}",
            caption=(
                "τ-b and Spearman's ρ compare what one rater gave on one neuron. System level is "
                "over the conditions' means: another question, whose answer may differ widely. "
                "The length of the text is listed with the scorers: a score is useful only as far "
                f"as it predicts more than length does. {left_out}"
            ).strip(),
            columns=(
                ("Scorer", "text"),
                ("τ-b, item", "number"),
                ("ρ, item", "number"),
                ("r within neurons, item", "number"),
                ("r, system", "number"),
                ("ρ, system", "number"),
                ("Values without a score", "count"),
            ),
            rows=[
                (e.scorer, e.tau_b, e.spearman, e.within, e.system, e.system_ranks, e.n_unscored)
                for e in links
            ],
            empty=NO_SCORE,
        ),
    }


def score_link_text(links: Sequence[ScoreLink], primary: int | None, what: str) -> str:
    """Return a sentence on how values go with the headline's score; nothing without one."""
    if primary is None:
        return ""
    link = links[primary]
    return (
        f" Within neurons (item level) {what} correlated with the {link.scorer} score by "
        f"{number(link.within)}, over the conditions' means (system level) by "
        f"{number(link.system)}."
    )


def undefined_scores(links: Sequence[ScoreLink]) -> list[str]:
    """Return a warning for each scorer that could not score all explanations."""
    return [
        f"{link.scorer}: {counted(n, 'explanation')} without a defined score left out."
        for link in links
        if (n := sum(reason.n for reason in link.undefined))
    ]
