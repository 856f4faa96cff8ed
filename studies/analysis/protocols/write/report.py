"""Written explanations in words and figures."""

from collections.abc import Iterator
from itertools import pairwise

from studies.analysis.charts import bars
from studies.analysis.protocols.base import KeyFigure, Section
from studies.analysis.protocols.write.analyse import WRITTEN, Written, WrittenScores
from studies.analysis.report.conditions import condition_contrasts, condition_means
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import counted, number
from studies.analysis.statistics.ranking import Contrast

_SHORT = 25


def primary(found: Written) -> WrittenScores | None:
    """Return the scorer of the headline, if any has scored what was written."""
    scores = None if found.primary is None else found.scores[found.primary]
    return scores if scores is not None and scores.n_written else None


def key_figures(found: Written) -> tuple[KeyFigure, ...]:
    """Return lengths, time and the lead of what was written over others."""
    scores = primary(found)
    leads = [] if scores is None else _of_written(scores)
    figures = [
        ("Characters", "number", found.characters),
        ("Words", "number", found.words),
        ("Seconds, median", "number", found.seconds),
        *((f"{e.first} minus {e.second}", "number", e.lead) for e in leads),
    ]
    return tuple(KeyFigure(*figure) for figure in figures)


def _of_written(scores: WrittenScores) -> list[Contrast]:
    return [lead for lead in scores.means.contrasts if WRITTEN in (lead.first, lead.second)]


def headline(found: Written) -> str:
    """Say how long and how fast people write, and how that scores."""
    n = sum(found.lengths)
    text = (
        f"{counted(n, 'explanation')} of {number(found.words, 1)} words each, written in a median "
        f"of {number(found.seconds, 0)} seconds"
    )
    if not found.n_adopted:
        return f"{text}. None has been adopted yet, so none has a score."
    text += f"; {found.n_adopted:,} adopted"
    scores = primary(found)
    if scores is None:
        return f"{text}. No scorer has scored them yet."
    own = next(p for p in scores.means.conditions if p.condition == WRITTEN)
    text = f"{text}. They score {number(own.estimate)} by {scores.scorer}"
    leads = _of_written(scores)
    if leads and leads[0].lead.defined:
        text += f"; {leads[0].first} minus {leads[0].second} on the same neurons: "
        text += number(leads[0].lead)
    return f"{text}."


def warnings(found: Written) -> Iterator[str]:
    """Say what keeps the texts from being compared."""
    n = sum(found.lengths)
    if short := found.lengths[0]:
        yield f"{counted(short, 'text')} of {n:,} shorter than {_SHORT} characters: read them."
    if found.n_adopted < n:
        left = n - found.n_adopted
        yield (
            f"{left:,} of {n:,} {'is' if left == 1 else 'are'} not adopted, so they cannot be "
            "compared with models' explanations: close the study and adopt what was written. "
            "Texts written by programs are never adopted."
        )
    for scores in found.scores:
        if found.n_adopted and scores.n_written < found.n_adopted:
            left = found.n_adopted - scores.n_written
            yield f"{scores.scorer}: {counted(left, 'adopted explanation')} without a score."


def methods_text(found: Written) -> str:
    """Return what a methods paragraph says about the texts."""
    return (
        f"People wrote {counted(sum(found.lengths), 'explanation')} with a mean of "
        f"{number(found.words, 1)} words ({number(found.characters, 0)} characters) in a median of "
        f"{number(found.seconds, 0)} seconds; {found.n_adopted:,} were adopted to be scored like "
        "those of models."
    )


def figures(found: Written) -> dict[str, Figure]:
    """Return lengths, and scores compared with those of others."""
    drawn = {"lengths": _lengths(found), "texts": _texts(found)}
    for at, scores in enumerate(found.scores):
        drawn[f"scores-{at}"] = condition_means(
            scores.means,
            title=f"Scores by {scores.scorer}, by author",
            axis="Score",
            kind="number",
            limits=None,
            reference=0.0,
            caption="Explanations of this study's neurons; every explanation counts once.",
        )
        drawn[f"leads-{at}"] = condition_contrasts(
            scores.means.contrasts, axis="Difference of scores", kind="number"
        )
    return drawn


def _lengths(found: Written) -> Figure:
    names = [f"{low} to {high - 1}" for low, high in pairwise(found.edges)]
    counts = list(zip(names, found.lengths, strict=True))
    total = sum(found.lengths)
    return Figure(
        title="How long are the explanations?",
        caption="Number of texts by their length in characters.",
        columns=(("Characters", "text"), ("Texts", "count"), ("Share", "share")),
        rows=[(name, n, n / total if total else None) for name, n in counts],
        drawing=bars.render(counts, axis="Characters"),
        empty="No texts yet.",
    )


def _texts(found: Written) -> Figure:
    return Figure(
        title="Length, time and similarity",
        caption="Intervals are over both neurons and raters.",
        columns=(("Measure", "text"), ("Value", "number"), ("What it means", "text")),
        rows=[
            ("Characters, mean", found.characters, "Longer is not better, but may score higher"),
            ("Words, mean", found.words, ""),
            ("Seconds, median", found.seconds, "With the page in view"),
            (
                "Similarity of length, ICC(1,1)",
                found.alike,
                "Whether some neurons get long texts from everybody; not what the texts say",
            ),
        ],
        empty="No texts yet.",
    )


def sections(found: Written) -> tuple[Section, ...]:
    """Order the figures: texts, then scores."""
    scored = tuple(
        name for at in range(len(found.scores)) for name in (f"scores-{at}", f"leads-{at}")
    )
    scores = Section(
        title="Do people's explanations score as well as models'?",
        lead="Once adopted, they are simulated and scored in the same way.",
        figures=scored,
    )
    return (
        Section(
            title="What was written?",
            lead=f"Neurons with texts by two raters or more: {found.n_neurons_twice:,}.",
            figures=("lengths", "texts"),
        ),
        *([scores] if scored else []),
    )
