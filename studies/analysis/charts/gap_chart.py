"""The agreement of votes with scores by score gap, as SVG text."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import isinf

from studies.analysis.charts import axes, plots, svg
from studies.analysis.data.estimate import Estimate
from studies.analysis.data.plan import GAP_EDGES
from studies.analysis.statistics.noise_ceiling import NoiseCeiling
from studies.analysis.statistics.score_votes import GapBin


def gap_chart(
    bins: Sequence[GapBin], *, ceiling: NoiseCeiling | None = None, published: Sequence[float] = ()
) -> svg.Drawing:
    """Draw the agreement of votes with scores by score gap, each bin with its 95% interval.

    `ceiling` is shaded when both its bounds are defined. `published` shares, one a bin, are drawn
    next to the study's own. ValueError when there are some and the bins are not `GAP_EDGES`.
    """
    if published and [(b.low, b.high) for b in bins] != list(pairwise(GAP_EDGES)):
        raise ValueError("published: they are for the bins of GAP_EDGES")
    names = [_name(b) for b in bins]
    own = plots.Series(
        name="this study, with 95% interval where there is one",
        points=[(i, b.agreement) for i, b in enumerate(bins)],
    )
    others = plots.Series(
        name="GPT-2 XL, Bills et al. (2023)",
        points=[(i + 0.25, _published(share)) for i, share in enumerate(published)],
        mark="ring",
    )
    plot = plots.Plot(
        x=replace(
            axes.categories("Score gap (difference of the two scores)", names or [""]),
            notes=tuple(str(b.agreement.n_ratings) for b in bins),
            notes_name="decided",
        ),
        y=axes.shares("Votes won by the higher score"),
        series=[own, others] if published else [own],
        hint="It fills as people decide between explanations with different scores.",
        reference=(0.5, "chance, 50%"),
        band=_band(ceiling),
    )
    named = [(f"gap {name}", b.agreement) for name, b in zip(names, bins, strict=True)]
    alt_text = axes.all_in_words(named).removesuffix(".")
    if ceiling is not None:
        alt_text += f"; noise ceiling: {axes.in_words(ceiling.lower)} to "
        alt_text += axes.in_words(ceiling.upper)
    return plots.render(plot, alt_text=f"{alt_text}.")


def _published(share: float) -> Estimate:
    return Estimate(
        value=share, n_units=0, n_raters=0, n_ratings=0, method="published", note="published"
    )


def _band(ceiling: NoiseCeiling | None) -> plots.Band | None:
    if ceiling is None or not ceiling.upper.defined:
        return None
    low, high = ceiling.lower.value, ceiling.upper.value
    span = f"{axes.percent(low)} to {axes.percent(high)}"
    return plots.Band(name=f"noise ceiling, {span}: as far as people agree", low=low, high=high)


def _name(b: GapBin) -> str:
    low, high = (f"{edge:g}".removeprefix("0") or "0" for edge in (b.low, b.high))
    return f"> {low}" if isinf(b.high) else f"{low}\N{EN DASH}{high}"
