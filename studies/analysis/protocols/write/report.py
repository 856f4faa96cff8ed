"""Written explanations in words and figures."""

from collections.abc import Iterator
from itertools import pairwise

from studies.analysis.charts import bars
from studies.analysis.charts.axes import reaching
from studies.analysis.protocols import common
from studies.analysis.protocols.base import KeyFigure, ProtocolAnalysis, Section
from studies.analysis.protocols.write.analyse import WRITTEN, Written, WrittenScores, analyse
from studies.analysis.report.figure import Figure
from studies.analysis.report.wording import counted, number
from studies.analysis.statistics.ranking import Contrast

_SHORT = 25


def primary(found: Written) -> WrittenScores | None:
    """Return the scorer of the headline, if any has scored what was written."""
    scores = None if found.primary is None else found.scores[found.primary]
    return scores if scores is not None and scores.n_written else None


def key_figures(found: Written) -> tuple[KeyFigure, ...]:
    """Name lengths, time and the lead of what was written over others."""
    scores = primary(found)
    leads = [] if scores is None else _of_written(scores)
    return (
        KeyFigure(name="Characters", kind="number", estimate=found.characters),
        KeyFigure(name="Words", kind="number", estimate=found.words),
        KeyFigure(name="Seconds, median", kind="number", estimate=found.seconds),
        *(
            KeyFigure(name=f"{e.first} less {e.second}", kind="number", estimate=e.lead)
            for e in leads
        ),
    )


def _of_written(scores: WrittenScores) -> list[Contrast]:
    return [lead for lead in scores.means.contrasts if WRITTEN in (lead.first, lead.second)]


def headline(found: Written) -> str:
    """Say how long and how fast people write, and how that scores."""
    n = sum(found.lengths)
    said = (
        f"{counted(n, 'explanation')}, of {number(found.words, 1)} words each, written in a median "
        f"of {number(found.seconds, 0)} seconds"
    )
    if not found.n_adopted:
        return f"{said}. None is adopted yet, so that none has a score."
    said += f"; {found.n_adopted:,} adopted"
    scores = primary(found)
    if scores is None:
        return f"{said}. No scorer has scored them yet."
    own = next(p for p in scores.means.conditions if p.condition == WRITTEN)
    leads = _of_written(scores)
    text = f"{said}. They score {number(own.estimate)} by {scores.scorer}"
    if leads and leads[0].lead.defined:
        text += f"; {leads[0].first} less {leads[0].second} on the same neurons: "
        text += number(leads[0].lead)
    return f"{text}."


def warnings(found: Written) -> Iterator[str]:
    """Say what keeps the texts from being compared."""
    n = sum(found.lengths)
    if short := found.lengths[0]:
        yield f"{counted(short, 'text')} of {n:,} shorter than {_SHORT} characters: read them."
    if found.n_adopted < n:
        yield (
            f"{n - found.n_adopted:,} of {n:,} are not adopted, so that nothing compares them with "
            "models' explanations: close the study and adopt what was written. What programs "
            "wrote never is."
        )
    for scores in found.scores:
        if found.n_adopted and scores.n_written < found.n_adopted:
            left = found.n_adopted - scores.n_written
            yield f"{scores.scorer}: {counted(left, 'adopted explanation')} without a score."


def methods_text(found: Written) -> str:
    """Return what a methods paragraph says of the texts."""
    return (
        f"People wrote {counted(sum(found.lengths), 'explanation')} with a mean of "
        f"{number(found.words, 1)} words ({number(found.characters, 0)} characters) in a median of "
        f"{number(found.seconds, 0)} seconds; {found.n_adopted:,} were adopted to be scored beside "
        "those of models."
    )


def figures(found: Written, synthetic: bool) -> dict[str, Figure]:
    """Return lengths, and scores beside those of others."""
    shown = {"lengths": _lengths(found, synthetic=synthetic), "texts": _texts(found)}
    for at, scores in enumerate(found.scores):
        places = [place.estimate for place in scores.means.conditions]
        reach = reaching("", places, least=0.1)
        shown[f"scores-{at}"] = common.means(
            scores.means,
            title=f"Scores by {scores.scorer}, by who wrote",
            axis="Score",
            kind="number",
            limits=(reach.low, reach.high),
            reference=0.0,
            caption="Explanations of the neurons of this study; each counts once.",
            ident=f"scores-{at}",
            synthetic=synthetic,
        )
        shown[f"leads-{at}"] = common.leads(
            scores.means.contrasts,
            axis="Difference of scores",
            kind="number",
            ident=f"leads-{at}",
            synthetic=synthetic,
        )
    return shown


def _lengths(found: Written, *, synthetic: bool) -> Figure:
    title = "How long are the explanations?"
    names = [f"{low} to {high - 1}" for low, high in pairwise(found.edges)]
    total = sum(found.lengths)
    return Figure(
        title=title,
        caption="Number of texts by their characters.",
        columns=(("Characters", "text"), ("Texts", "count"), ("Share", "share")),
        rows=[
            (name, n, n / total if total else None)
            for name, n in zip(names, found.lengths, strict=True)
        ],
        svg=bars.render(
            list(zip(names, found.lengths, strict=True)),
            title=title,
            axis="Characters",
            ident="lengths",
            synthetic=synthetic,
        ),
        empty="No texts yet.",
    )


def _texts(found: Written) -> Figure:
    return Figure(
        title="Length, time and likeness",
        caption="Intervals are over neurons and raters both.",
        columns=(("Measure", "text"), ("Value", "number"), ("What it says", "text")),
        rows=[
            ("Characters, mean", found.characters, "Longer is not better, but scores may like it"),
            ("Words, mean", found.words, ""),
            ("Seconds, median", found.seconds, "With the page in view"),
            (
                "Length alike, ICC(1,1)",
                found.alike,
                "Whether a neuron calls for a long text, whoever writes: not what is said",
            ),
        ],
        empty="No texts yet.",
    )


def sections(found: Written) -> tuple[Section, ...]:
    """Order the figures: texts, then scores."""
    scored = tuple(
        name for at in range(len(found.scores)) for name in (f"scores-{at}", f"leads-{at}")
    )
    return (
        Section(
            title="What was written?",
            lead=f"On {found.n_neurons_twice:,} neurons two raters or more wrote.",
            figures=("lengths", "texts"),
        ),
        *(
            [
                Section(
                    title="Do people's explanations score as well as models'?",
                    lead="Once adopted, they are simulated and scored on equal terms.",
                    figures=scored,
                )
            ]
            if scored
            else []
        ),
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
        ("lengths", "Lengths"),
        ("texts", "Length, time and likeness"),
        ("scores", "Scores by who wrote"),
        ("leads", "Who wrote, on the same neurons"),
    ),
)
