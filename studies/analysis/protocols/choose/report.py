"""Choices in words and figures: with a right answer here, without as orders are."""

from collections.abc import Iterator

from studies.analysis.data.estimate import Estimate
from studies.analysis.protocols import agreement
from studies.analysis.protocols.base import KeyFigure, Section
from studies.analysis.protocols.choose.analyse import Chosen
from studies.analysis.protocols.model_vs_human_report import fair, models, scatter
from studies.analysis.protocols.rank import report as rank_report
from studies.analysis.protocols.rank.analyse import Orders
from studies.analysis.report.conditions import condition_contrasts, condition_means
from studies.analysis.report.figure import Figure
from studies.analysis.report.forest import forest
from studies.analysis.report.scores import LEVELS, score_links
from studies.analysis.report.wording import counted, number, percent, quoted, share


def key_figures(found: Chosen | Orders) -> tuple[KeyFigure, ...]:
    """Return the share of right choices, by condition, and the lead."""
    if isinstance(found, Orders):
        return rank_report.key_figures(found)
    by = found.by_condition
    figures = [
        ("Right choices", "share", found.right),
        *((f"Right, {p.condition}", "share", p.estimate) for p in (by.conditions if by else ())),
        *(
            (f"{e.first} minus {e.second}", "number", e.lead)
            for e in (by.contrasts[:1] if by else ())
        ),
    ]
    return tuple(KeyFigure(*figure) for figure in figures)


def headline(found: Chosen | Orders) -> str:
    """Say how often people are right, against chance."""
    if isinstance(found, Orders):
        return rank_report.headline(found)
    text = (
        f"People choose the right option in {share(found.right)} of answers; chance is "
        f"{percent(found.chance)} ({_against(found.right, found.chance)})"
    )
    if found.by_condition is None:
        return (
            f"{text}. Most choices are right on {found.n_neurons_right:,} of "
            f"{counted(found.n_neurons, 'neuron')}."
        )
    best = found.by_condition.conditions[0]
    return f"{text}. The best condition is {quoted(best.condition)}, {share(best.estimate)}."


def _against(right: Estimate, chance: float) -> str:
    if not right.has_interval:
        return "without an interval, the two cannot be compared"
    if right.low > chance:
        return "more than chance"
    return "less than chance" if right.high < chance else "no difference from chance shown"


def warnings(found: Chosen | Orders) -> Iterator[str]:
    """Say what is missing, and where a position has an advantage."""
    if isinstance(found, Orders):
        yield from rank_report.warnings(found)
        return
    if found.never_asked:
        yield f"No answers yet about: {', '.join(found.never_asked)}."
    yield from _position_bias(found)
    gain = found.gain
    if gain.has_interval and gain.high < 0:
        yield f"Confidence misleads: confident answers are right less often, by {number(gain)}."


def _position_bias(found: Chosen) -> Iterator[str]:
    first = found.by_place[0].right if found.by_place else None
    right_first = found.right_first.right
    if first is None or not first.has_interval or not right_first.defined:
        return
    if not first.low <= right_first.value <= first.high:
        yield (
            f"Position bias: the option shown first is chosen in {share(first)} of answers, "
            f"but it is right in {percent(right_first.value)}."
        )


def methods_text(found: Chosen | Orders) -> str:
    """Return what a methods paragraph says about the choices."""
    if isinstance(found, Orders):
        return rank_report.methods_text(found)
    places = found.by_condition.conditions if found.by_condition else ()
    by = "; ".join(f"{p.condition} {share(p.estimate)}" for p in places)
    return (
        f"One of {found.n_options:,} options was right, so chance is {percent(found.chance)}; "
        f"people chose it in {share(found.right)} of answers{f' ({by})' if by else ''}."
    )


def figures(found: Chosen | Orders) -> dict[str, Figure]:
    """Return shares of right choices by condition, confidence, layer, position, and agreement."""
    if isinstance(found, Orders):
        return rank_report.figures(found)
    drawn = {
        "right": _right(found),
        "places": _places(found),
        "agreement": agreement.as_table(
            found.agreement,
            title="Do raters choose the same option?",
            caption="Two raters of one item; options are identified by the item's own list.",
        ),
    }
    if found.by_condition:
        drawn["means"] = condition_means(
            found.by_condition,
            title="Right choices by condition",
            axis="Share of right choices",
            kind="share",
            reference=found.chance,
            caption=f"The dashed line is chance, one in {found.n_options}.",
        )
        drawn["leads"] = condition_contrasts(
            found.by_condition.contrasts, axis="Difference of shares", kind="number"
        )
    if found.by_confidence:
        drawn["confidence"] = _confidence(found)
    if found.links:
        drawn |= score_links(found.links, what="right choice")
    if found.models:
        rows = [(m.scorer, m.gap, m.n_explanations) for m in found.models]
        drawn["models"] = models(rows, empty="No explanation was answered by both.")
    if found.primary is not None and found.links:
        link = found.links[found.primary]
        drawn["scatter"] = scatter(
            found.points,
            title=f"People's right choices and {link.scorer}",
            x=f"Score, {link.scorer}",
            y="Share of right choices",
            caption="Each point is an explanation.",
            estimates=[("Within neurons", link.within), ("Over conditions", link.system)],
        )
    return drawn


def _right(found: Chosen) -> Figure:
    layers = found.by_layer if len(found.by_layer) > 1 else ()
    return forest(
        [("all answers", found.right), *((each.name, each.right) for each in layers)],
        title="How often people choose the right option",
        caption=(
            f"The dashed line is chance, one in {found.n_options}. Every answer counts equally, "
            "not every neuron; intervals are over both neurons and raters."
        ),
        name="Part",
        axis="Share of right choices",
        reference=found.chance,
    )


def _confidence(found: Chosen) -> Figure:
    return forest(
        [(each.name, each.right) for each in found.by_confidence],
        title="Do people know when they are right?",
        caption=(
            "Shares should rise with confidence. Difference between sure and not sure: "
            f"{number(found.gain)}."
        ),
        name="Confidence",
        axis="Share of right choices",
        reference=found.chance,
    )


def _places(found: Chosen) -> Figure:
    right_first = found.right_first.right
    at = percent(right_first.value) if right_first.defined else "an unknown share"
    return forest(
        [(each.name, each.right) for each in found.by_place],
        title="Which positions are chosen?",
        caption=f"The right option was shown first in {at} of these answers.",
        name="Position",
        axis="Share of choices",
        reference=found.chance,
    )


def sections(found: Chosen | Orders) -> tuple[Section, ...]:
    """Order the figures: right or not, confidence, agreement, models, scores, positions."""
    if isinstance(found, Orders):
        return rank_report.sections(found)
    optional = (
        (
            found.by_confidence,
            Section(title="Confidence", figures=("confidence",)),
        ),
        (True, Section(title="Do raters agree?", figures=("agreement",))),
        (
            found.models,
            Section(
                title="Can a model stand in for people?",
                lead=" ".join(f"{m.scorer} {fair(m.gap)}." for m in found.models),
                figures=("models",),
            ),
        ),
        (
            found.links,
            Section(
                title="Do scores predict where people are right?",
                lead=LEVELS,
                figures=("scatter", "links-item", "links-levels"),
            ),
        ),
    )
    return (
        Section(
            title="Do people find the right answer?",
            lead="More than chance means that there is something to see.",
            figures=("right", "means", "leads"),
        ),
        *(section for there, section in optional if there),
        Section(title="Position on the screen", figures=("places",)),
    )
