"""Choices in words and figures: with a right answer here, without as orders are."""

from collections.abc import Iterator

from studies.analysis.data.estimate import Estimate
from studies.analysis.protocols import agreement, common
from studies.analysis.protocols.base import KeyFigure, ProtocolAnalysis, Section
from studies.analysis.protocols.choose.analyse import Chosen, agreement_input, analyse
from studies.analysis.protocols.model_vs_human_report import fair, models
from studies.analysis.protocols.rank import report as rank_report
from studies.analysis.protocols.rank.analyse import Orders
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import number, percent, quoted, share


def key_figures(found: Chosen | Orders) -> tuple[KeyFigure, ...]:
    """Name the share of right choices, by condition, and the lead."""
    if isinstance(found, Orders):
        return rank_report.key_figures(found)
    places = found.by_condition.conditions if found.by_condition else ()
    leads = found.by_condition.contrasts[:1] if found.by_condition else ()
    return (
        KeyFigure(name="Right choices", kind="share", estimate=found.right),
        *(
            KeyFigure(name=f"Right, {p.condition}", kind="share", estimate=p.estimate)
            for p in places
        ),
        *(
            KeyFigure(name=f"{e.first} less {e.second}", kind="number", estimate=e.lead)
            for e in leads
        ),
    )


def headline(found: Chosen | Orders) -> str:
    """Say how often people are right, against chance."""
    if isinstance(found, Orders):
        return rank_report.headline(found)
    said = (
        f"People choose rightly in {share(found.right)} of answers, where chance gives "
        f"{percent(found.chance)} ({_against(found.right, found.chance)})"
    )
    if found.by_condition is None:
        return (
            f"{said}; on {found.n_neurons_right:,} of {found.n_neurons:,} neurons most choices are "
            "right."
        )
    best = found.by_condition.conditions[0]
    return f"{said}; most often led by {quoted(best.condition)}, {share(best.estimate)}."


def _against(right: Estimate, chance: float) -> str:
    if not right.has_interval:
        return "without an interval nobody can say whether that is more"
    if right.low > chance:
        return "more than chance"
    return "less than chance" if right.high < chance else "not told from chance"


def warnings(found: Chosen | Orders) -> Iterator[str]:
    """Say what is missing, and where a place has an advantage."""
    if isinstance(found, Orders):
        yield from rank_report.warnings(found)
        return
    if found.never_asked:
        yield f"No answers yet about: {', '.join(found.never_asked)}."
    first = found.by_place[0].right if found.by_place else None
    stood = found.right_first.right
    even = first is None or not (first.has_interval and stood.defined)
    if first is not None and not even and not first.low <= stood.value <= first.high:
        yield (
            f"Place bias: what is shown first is chosen in {share(first)} of answers, though it is "
            f"right in {percent(stood.value)}."
        )
    gain = found.gain
    if gain.has_interval and gain.high < 0:
        yield f"Confidence misleads: sure answers are right less often, by {number(gain)}."


def methods_text(found: Chosen | Orders) -> str:
    """Return what a methods paragraph says of the choices."""
    if isinstance(found, Orders):
        return rank_report.methods_text(found)
    places = found.by_condition.conditions if found.by_condition else ()
    by = "; ".join(f"{p.condition} {share(p.estimate)}" for p in places)
    return (
        f"Of {found.n_options:,} options one was right, so that chance is {percent(found.chance)}; "
        f"people chose it in {share(found.right)} of answers{f' ({by})' if by else ''}."
    )


def figures(found: Chosen | Orders, synthetic: bool) -> dict[str, Figure]:
    """Return shares of right choices by condition, confidence, layer and place, and agreement."""
    if isinstance(found, Orders):
        return rank_report.figures(found, synthetic)
    shown = {
        "right": _right(found, synthetic=synthetic),
        "places": _places(found, synthetic=synthetic),
        "agreement": agreement.as_table(
            found.agreement,
            title="Do raters choose alike?",
            caption="Two raters of one item; options are named by the item's own list.",
        ),
    }
    if found.by_condition:
        shown |= _conditions(found, synthetic=synthetic)
    if found.by_confidence:
        shown["confidence"] = _confidence(found, synthetic=synthetic)
    if found.links:
        shown |= common.links(found.links, what="right choice", ident="links", synthetic=synthetic)
    if found.models:
        rows = [(m.scorer, m.gap, m.n_explanations) for m in found.models]
        shown["models"] = models(rows, empty="No explanation was answered by both.")
    if found.primary is not None and found.links:
        link = found.links[found.primary]
        shown["scatter"] = common.scatter(
            found.points,
            title=f"People's right choices and {link.scorer}",
            x=f"Score, {link.scorer}",
            y="Share of right choices",
            caption="Each point is an explanation.",
            ident="scatter",
            synthetic=synthetic,
            told=[("Within neurons", link.within), ("Over conditions", link.system)],
        )
    return shown


def _right(found: Chosen, *, synthetic: bool) -> Figure:
    layers = found.by_layer if len(found.by_layer) > 1 else ()
    return common.listed(
        [("all answers", found.right), *((each.name, each.right) for each in layers)],
        title="How often people choose rightly",
        caption=(
            f"The dashed line is chance, one in {found.n_options}. Answers, not neurons, weigh the "
            "same; intervals are over neurons and raters."
        ),
        name="Part",
        axis="Share of right choices",
        kind="share",
        ident="right",
        reference=found.chance,
        synthetic=synthetic,
    )


def _conditions(found: Chosen, *, synthetic: bool) -> dict[str, Figure]:
    by = found.by_condition
    if by is None:
        return {}
    return {
        "means": common.means(
            by,
            title="Right choices by condition",
            axis="Share of right choices",
            kind="share",
            limits=(0.0, 1.0),
            reference=found.chance,
            caption=f"The dashed line is chance, one in {found.n_options}.",
            ident="means",
            synthetic=synthetic,
        ),
        "leads": common.leads(
            by.contrasts,
            axis="Difference of shares",
            kind="number",
            ident="leads",
            synthetic=synthetic,
        ),
    }


def _confidence(found: Chosen, *, synthetic: bool) -> Figure:
    return common.listed(
        [(each.name, each.right) for each in found.by_confidence],
        title="Do people know when they are right?",
        caption=(
            "Shares should rise with confidence. Where sure less where not sure: "
            f"{number(found.gain)}."
        ),
        name="Confidence",
        axis="Share of right choices",
        kind="share",
        ident="confidence",
        reference=found.chance,
        synthetic=synthetic,
    )


def _places(found: Chosen, *, synthetic: bool) -> Figure:
    stood = found.right_first.right
    at = percent(stood.value) if stood.defined else "an unknown share"
    return common.listed(
        [(each.name, each.right) for each in found.by_place],
        title="Which places are chosen?",
        caption=f"The right option stood first in {at} of these answers.",
        name="Place",
        axis="Share of choices",
        kind="share",
        ident="places",
        reference=found.chance,
        synthetic=synthetic,
    )


def sections(found: Chosen | Orders) -> tuple[Section, ...]:
    """Order the figures: right or not, confidence, agreement, scores, places."""
    if isinstance(found, Orders):
        return rank_report.sections(found)
    asked = ("means", "leads") if found.by_condition else ()
    scores = common.scores_section("Do scores foretell where people are right?", "scatter")
    gap = Section(
        title="Can a model stand in for people?",
        lead=" ".join(f"{m.scorer} {fair(m.gap)}." for m in found.models),
        figures=("models",),
    )
    return (
        Section(
            title="Do people find the right answer?",
            lead="More than chance means that there is something to see.",
            figures=("right", *asked),
        ),
        *(
            [Section(title="Confidence", lead="", figures=("confidence",))]
            if found.by_confidence
            else []
        ),
        Section(title="Do raters agree?", lead="", figures=("agreement",)),
        *([gap] if found.models else []),
        *([scores] if found.links else []),
        Section(title="Places", lead="", figures=("places",)),
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
        ("right", "Share of right choices"),
        ("means", "Right choices by condition"),
        ("confidence", "Right choices by confidence"),
        ("scatter", "Right choices and the score"),
        ("models", "The model as a stand-in for people"),
        *rank_report.ANALYSIS.declarable,
        ("leads", "Conditions on the same neurons"),
    ),
)
