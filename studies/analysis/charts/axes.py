"""Axes with their ticks, legends and number formats, shared by all charts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TypeAlias

from studies.analysis.charts import svg
from studies.analysis.data.estimate import Estimate

Tick: TypeAlias = tuple[float, str]
"""Where a tick is, and its label."""
_MINUS = "\N{MINUS SIGN}"
LINE = 18
"""Height of a line of text in a legend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """An axis from `low` to `high`, named with its unit; without `ticks`, at round numbers.

    `notes` are a second row of labels below the ticks' own, one a tick, and `notes_name` says what
    they are. ValueError when the limits do not increase.
    """

    name: str
    low: float
    high: float
    ticks: tuple[Tick, ...] = ()
    notes: tuple[str, ...] = ()
    notes_name: str = ""

    def __post_init__(self) -> None:
        """Check the limits."""
        if not self.low < self.high:
            raise ValueError(f"{self.name}: {self.low} to {self.high} does not increase")

    def marked(self) -> tuple[Tick, ...]:
        """Return the ticks with their labels."""
        rounded = round_ticks(self.low, self.high)
        return self.ticks or tuple((x, f"{x:,.6g}".replace("-", _MINUS)) for x in rounded)

    def share(self, value: float) -> float:
        """Return where a value lies, from 0 at `low` to 1 at `high`; kept inside."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def shares(name: str) -> Axis:
    """Return an axis from 0% to 100%."""
    ticks = tuple((x / 4, f"{25 * x}%") for x in range(5))
    return Axis(name=name, low=0.0, high=1.0, ticks=ticks)


def categories(name: str, labels: Sequence[str]) -> Axis:
    """Return an axis with one place for each label, at 0, 1, and so on."""
    return Axis(name=name, low=-0.5, high=len(labels) - 0.5, ticks=tuple(enumerate(labels)))


def reaching(name: str, estimates: Sequence[Estimate], *, least: float = 0.0) -> Axis:
    """Return an axis that holds all the estimates with their intervals, and at least ±`least`."""
    ends = [x for e in estimates if e.defined for x in (e.low, e.high, e.value) if x == x]
    low, high = min([*ends, -least]), max([*ends, least])
    step = 10.0 ** floor(log10(max(high - low, 1e-6)))
    low, high = floor(low / step) * step, ceil(high / step) * step
    return Axis(name=name, low=low, high=max(high, low + step))


def round_ticks(low: float, high: float) -> list[float]:
    """Return three to six round numbers from `low` to `high`."""
    power = 10.0 ** floor(log10(high - low))
    step = next(s for s in (0.2, 0.5, 1, 2) if (high - low) / (s * power) <= 5) * power
    return [i * step for i in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def bottom_axis(
    name: str, ticks: Iterable[Tick], *, y: float, left: float, right: float, name_y: float = 38
) -> list[str]:
    """Return a horizontal axis at `y`; ticks are at x positions in the figure."""
    marks = [svg.line(left, y, right, y)]
    for x, label in ticks:
        marks.append(svg.line(x, y, x, y + 4))
        marks.append(svg.text(label, x, y + 18, anchor=_anchor(x)))
    return [*marks, svg.text(name, right, y + name_y, anchor="end", weight=600)]


def left_axis(name: str, ticks: Iterable[Tick], *, x: float, top: float) -> list[str]:
    """Return the name, labels and ticks of a vertical axis at `x`; ticks are at y positions."""
    marks = [svg.text(name, 0, top - 14, weight=600)]
    for y, label in ticks:
        marks.append(svg.text(label, x - 6, y + 4, anchor="end"))
        marks.append(svg.line(x - 3, y, x, y))
    return marks


def _anchor(x: float) -> str:
    """Return the anchor that keeps a label at the edge of the figure inside it."""
    if x < 10:
        return "start"
    return "end" if x > svg.WIDTH - 14 else "middle"


def legend(entries: Iterable[tuple[str, str]]) -> list[str]:
    """Return a legend at the top of a figure, a line for each symbol and its text."""
    return [
        f'<g transform="translate(0 {i * LINE})">{symbol}{svg.text(text, 24, 14.5)}</g>'
        for i, (symbol, text) in enumerate(entries)
    ]


def percent(share: float) -> str:
    """Return a share as a whole percentage."""
    return f"{100 * share:.0f}%"


def number(value: float) -> str:
    """Return two decimals, with a minus sign and without a negative zero."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", _MINUS)


def with_interval(estimate: Estimate) -> str:
    """Return a value with its interval."""
    if not estimate.has_interval:
        return f"{number(estimate.value)}, no interval"
    return f"{number(estimate.value)} [{number(estimate.low)}, {number(estimate.high)}]"


def in_words(estimate: Estimate) -> str:
    """Return a value with its interval and n, or why it is undefined."""
    if not estimate.defined:
        return f"undefined, {estimate.reason}"
    return f"{with_interval(estimate)}, n = {estimate.n_ratings}"


def all_in_words(estimates: Iterable[tuple[str, Estimate]]) -> str:
    """Return named estimates as a sentence, the alternative text of a chart."""
    return f"{'; '.join(f'{name}: {in_words(estimate)}' for name, estimate in estimates)}."
