"""Simulations by people in words and figures."""

from collections.abc import Iterator

from studies.analysis.protocols.base import KeyFigure, Section
from studies.analysis.protocols.model_vs_human_report import fair, models, scatter
from studies.analysis.protocols.simulate.analyse import Simulations, Simulator
from studies.analysis.report.conditions import condition_contrasts, condition_means
from studies.analysis.report.figure import Figure
from studies.analysis.report.forest import forest
from studies.analysis.report.scores import LEVELS, score_link_text, score_links
from studies.analysis.report.wording import counted, number, quoted, share

_LOW_AGREEMENT = 0.3
_NO_MODEL = "No model simulated these explanations on these texts: run a simulator."


def key_figures(found: Simulations) -> tuple[KeyFigure, ...]:
    """Return people's scores, their lead over each model, and their agreement."""
    figures = [
        ("Score of people", "number", found.score),
        *((f"Score, {p.condition}", "number", p.estimate) for p in found.means.conditions),
        *((f"People minus {m.name}", "number", m.lead) for m in found.models),
        ("Two people, correlation", "number", found.alike.pairs),
    ]
    return tuple(KeyFigure(*figure) for figure in figures)


def headline(found: Simulations) -> str:
    """Say how well people simulate, compared with the best model."""
    text = f"People's simulations score {number(found.score)}"
    if not found.models:
        return f"{text}. No model simulated the same explanations on these texts."
    best = found.models[0]
    return (
        f"{text}; {quoted(best.name)} scores {number(best.score)} on the same tokens. People minus "
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
    """Return what a methods paragraph says about the simulations."""
    compared = " ".join(
        f"{m.name} scored {number(m.score)}, people minus the model {number(m.lead)}."
        for m in found.models
    )
    return (
        "Raters painted 0 to 10 on each token; a simulation's score is its correlation with the "
        f"true activations over all tokens of an item. People scored {number(found.score)}; "
        f"simulations of two raters correlated by {number(found.alike.pairs)}, alpha over tokens "
        f"at interval level {number(found.alpha)}. {compared}"
    ).strip() + score_link_text(found.links, found.primary, "scores")


def figures(found: Simulations) -> dict[str, Figure]:
    """Return scores by condition, models compared with people, and agreement."""
    return {
        "means": condition_means(
            found.means,
            title="Score of people's simulations, by condition",
            axis="Correlation with the true activations",
            kind="number",
            limits=(-1.0, 1.0),
            reference=0.0,
            caption="Over all tokens of an item, as a model's simulation is scored.",
        ),
        "leads": condition_contrasts(
            found.means.contrasts, axis="Difference of scores", kind="number"
        ),
        "models": _models(found),
        "ahead": _ahead(found),
        "stand-in": models(
            [(m.name, m.gap, m.gap.bias.n_units) for m in found.models], empty=_NO_MODEL
        ),
        "agreement": _agreement(found),
        **score_links(found.links, what="people's score"),
        **{f"scatter-{at}": _scatter(model, at) for at, model in enumerate(found.models)},
    }


def _models(found: Simulations) -> Figure:
    rows = [
        row for m in found.models for row in ((m.name, m.score), (f"people, as {m.name}", m.people))
    ]
    return forest(
        rows or [("people", found.score)],
        title="People and models on the same tokens",
        caption=(
            "Mean correlation with the true activations. “People, as …” are people on the answers "
            "that the model has, too."
        ),
        name="Who",
        axis="Correlation with the true activations",
        kind="number",
        limits=(-1.0, 1.0),
        reference=0.0,
    )


def _ahead(found: Simulations) -> Figure:
    return forest(
        [(m.name, m.lead, m.with_person, m.n_answers) for m in found.models],
        title="How far people are ahead of each model",
        caption=(
            "Score of a person's simulation minus the model's, answer by answer; below zero the "
            "model is better. The table also has the correlation of their simulations."
        ),
        axis="People's score minus the model's",
        columns=(
            ("Model", "text"),
            ("People ahead by", "number"),
            ("Correlation with a person's simulation", "number"),
            ("Answers", "count"),
        ),
        limits=None,
        reference=0.0,
        empty=_NO_MODEL,
    )


def _agreement(found: Simulations) -> Figure:
    return Figure(
        title="Do raters paint the same tokens?",
        caption=(
            f"Tokens painted: {share(found.painted)}. Most tokens get nothing, which is easy to "
            "agree on, so no share of equal tokens is given."
        ),
        columns=(("Measure", "text"), ("Value", "number"), ("What it means", "text")),
        rows=[
            (
                "Correlation of two raters' simulations",
                found.alike.pairs,
                "Over the tokens of an item, mean over items; 0 is chance",
            ),
            (
                "Krippendorff's α over tokens, interval",
                found.alpha,
                "The numbers themselves have to agree; the jackknife leaves out whole items",
            ),
        ],
        empty="No answers yet.",
    )


def _scatter(model: Simulator, at: int) -> Figure:
    return scatter(
        model.points,
        title=f"Scores from people's simulations and from {model.name}",
        x=f"Score by {model.name}",
        y="Score by people, mean",
        caption="Each point is an explanation.",
        estimates=[("Model with a person", model.gap.model_with_person)],
    )


def sections(found: Simulations) -> tuple[Section, ...]:
    """Order the figures: people's scores, models, agreement, other scores."""
    scatters = tuple(f"scatter-{at}" for at in range(len(found.models)))
    return (
        Section(
            title="How well do people simulate?",
            lead="From the explanation alone, on texts that its author never saw.",
            figures=("means", "leads"),
        ),
        Section(
            title="Can a model stand in for people?",
            lead=" ".join(f"Over explanations, {m.name} {fair(m.gap)}." for m in found.models)
            or "The same explanations, texts and tokens, scored in the same way.",
            figures=("models", "ahead", *scatters, "stand-in"),
        ),
        Section(title="Do raters agree?", figures=("agreement",)),
        Section(
            title="Do scores predict how well people simulate?",
            lead=LEVELS,
            figures=("links-item", "links-levels"),
        ),
    )
