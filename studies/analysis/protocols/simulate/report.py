"""Simulations by people in words and figures."""

from collections.abc import Iterator

from studies.analysis.charts.axes import reaching
from studies.analysis.charts.forest_plot import forest_plot
from studies.analysis.protocols import common
from studies.analysis.protocols.base import KeyFigure, ProtocolAnalysis, Section
from studies.analysis.protocols.model_vs_human_report import fair, models
from studies.analysis.protocols.simulate.analyse import Simulations, Simulator, analyse
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import counted, number, quoted, share

_LOW_AGREEMENT = 0.3


def key_figures(found: Simulations) -> tuple[KeyFigure, ...]:
    """Name people's scores, their lead over each model, and their agreement."""
    places = found.means.conditions
    return (
        KeyFigure(name="Score of people", kind="number", estimate=found.score),
        *(
            KeyFigure(name=f"Score, {p.condition}", kind="number", estimate=p.estimate)
            for p in places
        ),
        *(
            KeyFigure(name=f"People less {m.name}", kind="number", estimate=m.lead)
            for m in found.models
        ),
        KeyFigure(name="Two people, correlation", kind="number", estimate=found.alike.pairs),
    )


def headline(found: Simulations) -> str:
    """Say how well people simulate, beside the best model, and whether it may stand in for them."""
    said = f"People's simulations score {number(found.score)}"
    if not found.models:
        return f"{said}. No model simulated the same explanations on these texts."
    best = found.models[0]
    return (
        f"{said}; {quoted(best.name)} scores {number(best.score)} on the same tokens. People less "
        f"the model: {number(best.lead)}."
    )


def warnings(found: Simulations) -> Iterator[str]:
    """Say what is missing, what has no score, and where raters hardly agree."""
    if found.never_asked:
        yield f"No answers yet about: {', '.join(found.never_asked)}."
    for each in found.undefined:
        yield f"{counted(each.n, 'simulation')} without a score left out: {each.reason}."
    pairs = found.alike.pairs
    if pairs.defined and pairs.value < _LOW_AGREEMENT:
        yield f"Raters hardly agree: two simulations of one item correlate by {number(pairs)}."
    for model in found.models:
        if not model.n_answers:
            yield f"{model.name}: no simulation on the tokens that people saw."


def methods_text(found: Simulations) -> str:
    """Return what a methods paragraph says of the simulations."""
    beside = " ".join(
        f"{m.name} scored {number(m.score)}, people less it {number(m.lead)}." for m in found.models
    )
    return (
        "Raters painted 0 to 10 on each token; a simulation's score is its correlation with the "
        f"true activations over all tokens of an item. People scored {number(found.score)}; "
        f"simulations of two raters correlated by {number(found.alike.pairs)}, alpha over tokens "
        f"at interval level {number(found.alpha)}. {beside}"
    ).strip() + common.link_said(found.links, found.primary, "scores")


def figures(found: Simulations, synthetic: bool) -> dict[str, Figure]:
    """Return scores by condition, models beside people, and agreement."""
    shown = {
        "means": common.means(
            found.means,
            title="Score of people's simulations, by condition",
            axis="Correlation with the true activations",
            kind="number",
            limits=(-1.0, 1.0),
            reference=0.0,
            caption="Over all tokens of an item, as a model's simulation is scored.",
            ident="means",
            synthetic=synthetic,
        ),
        "leads": common.leads(
            found.means.contrasts,
            axis="Difference of scores",
            kind="number",
            ident="leads",
            synthetic=synthetic,
        ),
        "models": _models(found, synthetic=synthetic),
        "ahead": _leads(found, synthetic=synthetic),
        "stand-in": models(
            [(m.name, m.gap, m.gap.bias.n_units) for m in found.models],
            empty="No model simulated these explanations on these texts: run a simulator.",
        ),
        "agreement": _agreement(found),
        **common.links(found.links, what="people's score", ident="links", synthetic=synthetic),
    }
    for at, model in enumerate(found.models):
        shown[f"scatter-{at}"] = _scatter(model, at, synthetic=synthetic)
    return shown


def _models(found: Simulations, *, synthetic: bool) -> Figure:
    title = "People and models on the same tokens"
    people = [(f"people, beside {m.name}", m.people) for m in found.models]
    rows = [
        each for m, p in zip(found.models, people, strict=True) for each in ((m.name, m.score), p)
    ]
    return common.listed(
        rows or [("people", found.score)],
        title=title,
        caption="Mean correlation with the true activations, over the answers that both have.",
        name="Who",
        axis="Correlation with the true activations",
        kind="number",
        limits=(-1.0, 1.0),
        reference=0.0,
        ident="models",
        synthetic=synthetic,
    )


def _leads(found: Simulations, *, synthetic: bool) -> Figure:
    title = "How far people are ahead of each model"
    rows = [(m.name, m.lead) for m in found.models]
    reach = reaching("", [lead for _, lead in rows], least=0.1)
    return Figure(
        title=title,
        caption=(
            "Score of a person's simulation less the model's, answer by answer; below zero the "
            "model is better. Beside it how alike their simulations are."
        ),
        columns=(
            ("Model", "text"),
            ("People ahead by", "number"),
            ("Correlation with a person's simulation", "number"),
            ("Answers", "count"),
        ),
        rows=[(m.name, m.lead, m.with_person, m.n_answers) for m in found.models],
        svg=forest_plot(
            rows,
            title=title,
            axis="People's score less the model's",
            reference=0.0,
            limits=(reach.low, reach.high),
            synthetic=synthetic,
            ident="ahead",
        )
        if rows
        else "",
        empty="No model simulated these explanations on these texts: run a simulator.",
    )


def _agreement(found: Simulations) -> Figure:
    return Figure(
        title="Do raters paint alike?",
        caption=(
            f"Tokens painted: {share(found.painted)}. Most tokens get nothing, so that agreeing on "
            "those is easy: no share of equal tokens is given."
        ),
        columns=(("Measure", "text"), ("Value", "number"), ("What it says", "text")),
        rows=[
            (
                "Correlation of two raters' simulations",
                found.alike.pairs,
                "Over the tokens of an item, mean over items; 0 is chance",
            ),
            (
                "Krippendorff's α over tokens, interval",
                found.alpha,
                "The numbers themselves have to agree; items are left out whole",
            ),
        ],
        empty="No answers yet.",
    )


def _scatter(model: Simulator, at: int, *, synthetic: bool) -> Figure:
    return common.scatter(
        model.points,
        title=f"Scores from people's simulations and from {model.name}",
        x=f"Score by {model.name}",
        y="Score by people, mean",
        caption="Each point is an explanation.",
        ident=f"scatter-{at}",
        synthetic=synthetic,
        told=[("Model with a person", model.gap.model_with_person)],
    )


def sections(found: Simulations) -> tuple[Section, ...]:
    """Order the figures: people's scores, models beside them, agreement, other scores."""
    scatters = tuple(f"scatter-{at}" for at in range(len(found.models)))
    return (
        Section(
            title="How well do people simulate?",
            lead="From the explanation alone, on texts that nobody who wrote it saw.",
            figures=("means", "leads"),
        ),
        Section(
            title="Is a model a fair stand-in for people?",
            lead=" ".join(f"Over explanations, {m.name} {fair(m.gap)}." for m in found.models)
            or "The same explanations, texts and tokens, scored in the same way.",
            figures=("models", "ahead", *scatters, "stand-in"),
        ),
        Section(title="Do raters agree?", lead="", figures=("agreement",)),
        common.scores_section("Do scores foretell how well people simulate?"),
    )


ANALYSIS = ProtocolAnalysis(
    analyse=analyse,
    key_figures=key_figures,
    headline=headline,
    warnings=warnings,
    figures=figures,
    sections=sections,
    methods_text=methods_text,
    declarable=(
        ("means", "Scores of people's simulations"),
        ("leads", "Conditions on the same neurons"),
        ("models", "People and models on the same tokens"),
        ("ahead", "How far people are ahead of models"),
        ("stand-in", "The model as a stand-in for people"),
        ("scatter", "People and the model, by explanation"),
        ("agreement", "Agreement of raters"),
        ("links", "People's scores and others"),
    ),
)
