"""Marks in words and figures."""

from collections.abc import Iterator

from studies.analysis.protocols import agreement
from studies.analysis.protocols.base import KeyFigure, Section
from studies.analysis.protocols.mark.analyse import ConditionScores, Marks
from studies.analysis.protocols.model_vs_human import Model
from studies.analysis.protocols.model_vs_human_report import fair, models, scatter
from studies.analysis.report.conditions import condition_contrasts, condition_means
from studies.analysis.report.figure import Figure
from studies.analysis.report.scores import (
    LEVELS,
    score_link_text,
    score_links,
    undefined_scores,
)
from studies.analysis.report.wording import number, percent, quoted, share

_CHANCE = 0.5


def key_figures(found: Marks) -> tuple[KeyFigure, ...]:
    """Return balanced accuracies, the lead, and the models' correlation with people."""
    figures = [
        ("Balanced accuracy", "share", found.everything.balanced_accuracy),
        *(
            (f"Balanced, {e.condition}", "share", e.scores.balanced_accuracy)
            for e in found.by_condition
        ),
        *((f"{e.first} minus {e.second}", "number", e.lead) for e in found.means.contrasts[:1]),
        *((f"{m.scorer} with a person", "number", m.gap.model_with_person) for m in found.models),
    ]
    return tuple(KeyFigure(*figure) for figure in figures)


def headline(found: Marks) -> str:
    """Say how well people tell excerpts apart, with whose explanations, compared with a model."""
    text = (
        "People find the excerpts that fit with a balanced accuracy of "
        f"{share(found.everything.balanced_accuracy)}; guessing gives {percent(_CHANCE)}"
    )
    best = found.means.conditions[0] if found.means.conditions else None
    if best is not None and best.estimate.defined:
        text += f"; the best condition is {quoted(best.condition)}, {share(best.estimate)}"
    if not found.models:
        return f"{text}. No model detected on the same explanations."
    model = found.models[0]
    return f"{text}. {model.scorer} scores {share(model.score)} on the same explanations."


def warnings(found: Marks) -> Iterator[str]:
    """Say what is missing, and where people mark too much or too little."""
    if found.never_asked:
        yield f"No answers yet about: {', '.join(found.never_asked)}."
    marked = found.marked
    if marked.has_interval and not marked.low <= _CHANCE <= marked.high:
        way = "more" if marked.value > _CHANCE else "less"
        yield (
            f"People mark {share(marked)} of the excerpts, {way} than the half that fit: look at "
            "hits and rejections, not at accuracy alone."
        )
    yield from undefined_scores(found.links)


def methods_text(found: Marks) -> str:
    """Return what a methods paragraph says about the marks."""
    by = "; ".join(f"{e.condition} {share(e.scores.balanced_accuracy)}" for e in found.by_condition)
    compared = " ".join(f"{model.scorer} {fair(model.gap)}." for model in found.models)
    return (
        f"People separated excerpts that excite the neuron from others with a balanced accuracy of "
        f"{share(found.everything.balanced_accuracy)} ({by}); F1 {share(found.everything.f1)}, "
        f"Matthews' correlation {number(found.everything.mcc)}. {compared}"
    ).strip() + score_link_text(found.links, found.primary, "balanced accuracies")


def figures(found: Marks) -> dict[str, Figure]:
    """Return accuracies by condition, agreement, and models compared with people."""
    return {
        "means": condition_means(
            found.means,
            title="Balanced accuracy of people, by condition",
            axis="Balanced accuracy",
            kind="share",
            reference=_CHANCE,
            caption="Mean over answers; the dashed line is guessing.",
        ),
        "leads": condition_contrasts(
            found.means.contrasts, axis="Difference of balanced accuracies", kind="number"
        ),
        "telling": _classification(found),
        "agreement": agreement.as_table(
            found.agreement,
            title="Do raters mark the same excerpts?",
            caption="Two raters on one excerpt: marked or not.",
        ),
        "models": models(
            [(m.scorer, m.gap, m.n_explanations) for m in found.models],
            empty="No explanation has a detection score by a model: run that scorer.",
        ),
        **score_links(found.links, what="accuracy"),
        **{f"scatter-{at}": _scatter(model, at) for at, model in enumerate(found.models)},
    }


def _classification(found: Marks) -> Figure:
    rows = [*found.by_condition, ConditionScores(condition="all", scores=found.everything)]
    return Figure(
        title="Hits, rejections, F1 and Matthews' correlation",
        caption=(
            "Over all excerpts of a condition. Hits are shares of the excerpts that fit, "
            "rejections of the others; F1 depends on how many fit, balanced accuracy does not."
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


def _scatter(model: Model, at: int) -> Figure:
    return scatter(
        model.points,
        title=f"People's accuracy and {model.scorer}",
        x=f"Score, {model.scorer}",
        y="Balanced accuracy of people",
        caption="Each point is an explanation: its raters' mean and the model's score.",
        estimates=[("Model with a person", model.gap.model_with_person)],
    )


def sections(found: Marks) -> tuple[Section, ...]:
    """Order the figures: accuracy, agreement, models, other scores."""
    return (
        Section(
            title="Do explanations tell people what fits?",
            lead="People saw an explanation and texts without marks.",
            figures=("means", "leads", "telling"),
        ),
        Section(title="Do raters agree?", figures=("agreement",)),
        Section(
            title="Can a model stand in for people?",
            lead=" ".join(f"{m.scorer} {fair(m.gap)}." for m in found.models)
            or "The same question, asked of a language model.",
            figures=(*(f"scatter-{at}" for at in range(len(found.models))), "models"),
        ),
        Section(
            title="Do scores predict what people can do?",
            lead=LEVELS,
            figures=("links-item", "links-levels"),
        ),
    )
