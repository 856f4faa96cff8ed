"""Answers of each form as columns, made by hand."""

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np

from studies.analysis.data.answers import NONE, Dimension, JudgmentRow, StudyTables, answers
from studies.analysis.data.tables import Draws, Flow, Judgments, Scores
from studies.analysis.protocols.answer_context import AnswerContext, shown_options
from studies.analysis.protocols.compare.columns import answers_of
from studies.analysis.protocols.registry import PROTOCOLS

YES_NO = ((0, "No"), (1, "Yes"))
FIT = Dimension(key="fit", name="Fit", points=tuple((n, f"point {n}") for n in range(1, 8)))
NAMES = ("a", "b", "c")
Judged = tuple[int, int, dict[str, Any]]
"""Neuron, rater, and the answer about explanations `k0`, `k1`, `k2` of conditions a, b, c."""


def judgment_row(unit: int, neuron: int, rater: int, *, about: int | None = None) -> JudgmentRow:
    return JudgmentRow(
        unit=unit,
        neuron=neuron,
        rater=rater,
        explanation=NONE if about is None else 3 * neuron + about,
        condition=NONE if about is None else about,
        confidence=nan,
        seconds=8.0 + rater,
        synthetic=False,
        layer=0,
        item=unit,
    )


def options(neuron: int, rater: int, n: int = 3) -> list[tuple[str, int, int, None]]:
    """Return the options, rotated from rater to rater."""
    listed = [(f"k{at}", 3 * neuron + at, at, None) for at in range(n)]
    turn = (neuron + rater) % n
    return listed[turn:] + listed[:turn]


def tables(protocol: str, judged: Sequence[Judged], *, shown: int = 3, **more: Any) -> StudyTables:
    """Return answers about a few explanations side by side, one item for each neuron."""
    dimensions = more.get("dimensions", ())
    rows = [
        (
            judgment_row(neuron, neuron, rater),
            PROTOCOLS[protocol].read(
                answer,
                AnswerContext(
                    options=shown_options(options(neuron, rater, shown)), dimensions=dimensions
                ),
            ),
        )
        for neuron, rater, answer in judged
    ]
    filled = {"conditions": NAMES, "scores": (), "flow": Flow(), **more}
    return StudyTables(protocol=protocol, answers=answers(rows), **filled)


def comparisons(
    judged: Judgments,
    *,
    layer: Any = None,
    item: Any = None,
    draws: Draws | None = None,
    **more: Any,
) -> StudyTables:
    """Return comparisons, one row a vote."""
    return StudyTables(
        protocol="compare",
        answers=answers_of(judged, layer=layer, item=item, draws=draws),
        **{"scores": (), "flow": Flow(), **more},
    )


def by_quality(neurons: int = 8) -> Scores:
    rng = np.random.default_rng(2)
    value = np.tile([0.2, 0.4, 0.6], neurons) + rng.normal(0, 0.05, 3 * neurons)
    return Scores(scorer="correlation", explanation=np.arange(3 * neurons), value=value)


def ratings(neurons: int = 8, raters: int = 4) -> list[Judged]:
    rng = np.random.default_rng(1)
    return [
        (
            neuron,
            rater,
            {"rating": {f"k{i}": {"fit": int(2 * i + rng.integers(1, 4))} for i in range(3)}},
        )
        for neuron in range(neurons)
        for rater in range(raters)
    ]


def votes(neurons: int = 8, raters: int = 4) -> list[Judged]:
    rng = np.random.default_rng(4)
    choices = rng.choice(["k0", "k1", "k1", "tie"], (neurons, raters)).tolist()
    return [
        (neuron, rater, {"choice": choices[neuron][rater]})
        for neuron in range(neurons)
        for rater in range(raters)
    ]


def orders(neurons: int = 8, raters: int = 4) -> list[Judged]:
    rng = np.random.default_rng(3)
    judged = []
    for neuron in range(neurons):
        for rater in range(raters):
            liked = np.arange(3) + rng.normal(0, 1, 3)
            place = 3 - np.argsort(np.argsort(liked))
            judged.append((neuron, rater, {"place": {f"k{i}": int(place[i]) for i in range(3)}}))
    return judged


def picks(right: Sequence[bool], *, known: bool = True) -> StudyTables:
    rows = []
    for at, is_right in enumerate(right):
        neuron, rater = divmod(at, 4)
        asked = AnswerContext(
            options=shown_options([(f"k{i}", None, None, i) for i in range(4)]),
            known={"choice": "k1"} if known else None,
        )
        row = judgment_row(neuron, neuron, rater)._replace(confidence=3.0 if is_right else 1.0)
        rows.append((row, PROTOCOLS["choose"].read({"choice": "k1" if is_right else "k2"}, asked)))
    return StudyTables(
        protocol="choose", conditions=(), answers=answers(rows), scores=(), flow=Flow()
    )


def marks(neurons: int = 6, raters: int = 3) -> StudyTables:
    rng = np.random.default_rng(8)
    rows = []
    for neuron in range(neurons):
        for about in range(3):
            for rater in range(raters):
                asked = AnswerContext(
                    options=shown_options([(f"k{i}", None, None, i) for i in range(8)]),
                    known={"marked": ["k0", "k1", "k2", "k3"]},
                )
                know = rng.random(8) < 0.6 + 0.15 * about
                marked = [f"k{i}" for i in range(8) if bool(know[i]) == (i < 4)]
                row = judgment_row(3 * neuron + about, neuron, rater, about=about)
                rows.append((row, PROTOCOLS["mark"].read({"marked": marked}, asked)))
    detection = replace(by_quality(neurons), scorer="detection")
    return StudyTables(
        protocol="mark", conditions=NAMES, answers=answers(rows), scores=(detection,), flow=Flow()
    )


def simulations(*, model: str = "token lookup") -> StudyTables:
    rng = np.random.default_rng(9)
    rows, predicted = [], {}
    for neuron in range(5):
        actual = [rng.exponential(1, 6).tolist() for _ in range(2)]
        for about in range(2):
            for record, row in enumerate(actual):
                predicted[3 * neuron + about, 10 * neuron + record] = np.array(row)
            for rater in range(3):
                noise = rng.normal(0, 1.0 + about, (2, 6))
                values = np.clip(np.round(2 * np.array(actual) + noise), 0, 10).tolist()
                asked = AnswerContext(records=(10 * neuron, 10 * neuron + 1), actual=actual)
                row = judgment_row(3 * neuron + about, neuron, rater, about=about)
                rows.append((row, PROTOCOLS["simulate"].read({"values": values}, asked)))
    return StudyTables(
        protocol="simulate", conditions=("a", "b"), answers=answers(rows),
        scores=(by_quality(5),), flow=Flow(), predicted={model: predicted},
    )  # fmt: skip
