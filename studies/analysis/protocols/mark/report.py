"""Marks in words and figures."""

from collections.abc import Iterator

from studies.analysis.protocols import agreement, common
from studies.analysis.protocols.base import KeyFigure, ProtocolAnalysis, Section
from studies.analysis.protocols.mark.analyse import ConditionScores, Marks, agreement_input, analyse
from studies.analysis.protocols.model_vs_human import Model
from studies.analysis.protocols.model_vs_human_report import fair, models
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import number, percent, quoted, share

_CHANCE = 0.5


def key_figures(found: Marks) -> tuple[KeyFigure, ...]:
    """Name balanced accuracies, the lead, and the models' likeness to people."""
    leads = found.means.contrasts[:1]
    return (
        KeyFigure(
            name="Balanced accuracy", kind="share", estimate=found.everything.balanced_accuracy
        ),
        *(
            KeyFigure(
                name=f"Balanced, {each.condition}",
                kind="share",
                estimate=each.scores.balanced_accuracy,
            )
            for each in found.by_condition
        ),
        *(
            KeyFigure(name=f"{e.first} less {e.second}", kind="number", estimate=e.lead)
            for e in leads
        ),
        *(
            KeyFigure(
                name=f"{model.scorer} with a person",
                kind="number",
                estimate=model.gap.model_with_person,
            )
            for model in found.models
        ),
    )


def headline(found: Marks) -> str:
    """Say how well people tell excerpts apart, from whose explanations, and beside a model."""
    said = (
        f"People tell apart what fits with a balanced accuracy of "
        f"{share(found.everything.balanced_accuracy)}, where guessing gives {percent(_CHANCE)}"
    )
    best = found.means.conditions[0] if found.means.conditions else None
    if best is not None and best.estimate.defined:
        said += f"; best from {quoted(best.condition)}, {share(best.estimate)}"
    if not found.models:
        return f"{said}. No model detected on the same explanations."
    model = found.models[0]
    return f"{said}. {model.scorer} scores {share(model.score)} on the same explanations."


def warnings(found: Marks) -> Iterator[str]:
    """Say what is missing, and where people mark too much or too little."""
    if found.never_asked:
        yield f"No answers yet about: {', '.join(found.never_asked)}."
    marked = found.marked
    if marked.has_interval and not marked.low <= _CHANCE <= marked.high:
        way = "more" if marked.value > _CHANCE else "less"
        yield (
            f"People mark {share(marked)} of the excerpts, {way} than the half that fit: read hits "
            "and rejections, not accuracy alone."
        )
    for link in found.links:
        if n := sum(reason.n for reason in link.undefined):
            yield f"{link.scorer}: {n:,} explanations without a defined score left out."


def methods_text(found: Marks) -> str:
    """Return what a methods paragraph says of the marks."""
    by = "; ".join(f"{e.condition} {share(e.scores.balanced_accuracy)}" for e in found.by_condition)
    models = " ".join(f"{model.scorer} {fair(model.gap)}." for model in found.models)
    return (
        f"People told excerpts that excite the neuron from others with a balanced accuracy of "
        f"{share(found.everything.balanced_accuracy)} ({by}); F1 {share(found.everything.f1)}, "
        f"Matthews' correlation {number(found.everything.mcc)}. {models}"
    ).strip() + common.link_said(found.links, found.primary, "balanced accuracies")


def figures(found: Marks, synthetic: bool) -> dict[str, Figure]:
    """Return accuracies by condition, agreement, and models beside people."""
    shown = {
        "means": common.means(
            found.means,
            title="Balanced accuracy of people, by condition",
            axis="Balanced accuracy",
            kind="share",
            limits=(0.0, 1.0),
            reference=_CHANCE,
            caption="Mean over answers; the dashed line is guessing.",
            ident="means",
            synthetic=synthetic,
        ),
        "leads": common.leads(
            found.means.contrasts,
            axis="Difference of balanced accuracies",
            kind="number",
            ident="leads",
            synthetic=synthetic,
        ),
        "telling": _telling(found),
        "agreement": agreement.as_table(
            found.agreement,
            title="Do raters mark alike?",
            caption="Two raters on one excerpt: marked or not.",
        ),
        "models": models(
            [(m.scorer, m.gap, m.n_explanations) for m in found.models],
            empty="No explanation has a detection score by a model: run that scorer.",
        ),
        **common.links(found.links, what="accuracy", ident="links", synthetic=synthetic),
    }
    for at, model in enumerate(found.models):
        shown[f"scatter-{at}"] = _scatter(model, at, synthetic=synthetic)
    return shown


def _telling(found: Marks) -> Figure:
    rows = [
        *found.by_condition,
        ConditionScores(condition="all", scores=found.everything),
    ]
    return Figure(
        title="Hits, rejections, F1 and Matthews' correlation",
        caption=(
            "Over all excerpts of a condition together. Hits are of the excerpts that fit, "
            "rejections of the others; F1 hangs on how many fit, balanced accuracy does not."
        ),
        columns=(
            ("Explanations", "text"),
            ("Excerpts", "count"),
            ("Hits", "share"),
            ("Rejections", "share"),
            ("Balanced", "share"),
            ("F1", "share"),
            ("Matthews", "number"),
        ),
        rows=[
            (
                each.condition,
                each.scores.n,
                each.scores.sensitivity,
                each.scores.specificity,
                each.scores.balanced_accuracy,
                each.scores.f1,
                each.scores.mcc,
            )
            for each in rows
        ],
        empty="No answers yet.",
    )


def _scatter(model: Model, at: int, *, synthetic: bool) -> Figure:
    return common.scatter(
        model.points,
        title=f"People's accuracy and {model.scorer}",
        x=f"Score, {model.scorer}",
        y="Balanced accuracy of people",
        caption="Each point is an explanation, its raters' mean beside the model's score.",
        ident=f"scatter-{at}",
        synthetic=synthetic,
        told=[("Model with a person", model.gap.model_with_person)],
    )


def sections(found: Marks) -> tuple[Section, ...]:
    """Order the figures: accuracy, agreement, models, other scores."""
    return (
        Section(
            title="Do explanations tell people what fits?",
            lead="People saw an explanation and texts without marks.",
            figures=("means", "leads", "telling"),
        ),
        Section(title="Do raters agree?", lead="", figures=("agreement",)),
        Section(
            title="Can a model stand in for people?",
            lead=" ".join(f"{m.scorer} {fair(m.gap)}." for m in found.models)
            or "The same question, asked of a language model.",
            figures=(*(f"scatter-{at}" for at in range(len(found.models))), "models"),
        ),
        common.scores_section("Do scores foretell what people can do?"),
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
        ("means", "Balanced accuracy"),
        ("leads", "Conditions on the same neurons"),
        ("telling", "Hits, rejections, F1, Matthews"),
        ("agreement", "Agreement of raters"),
        ("models", "The model as a stand-in for people"),
        ("scatter", "People and the model, by explanation"),
        ("links", "Accuracy and scores"),
    ),
)
