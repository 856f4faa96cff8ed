"""Functions of a number, made from curves, compositions of them, and what disturbs them. Pure."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, islice
from random import Random

from explanations.ground_truth.curves import CURVES, Curve
from explanations.ground_truth.made import FunctionSet, Made, chance

LOW, HIGH = -10.0, 10.0
"""Between what inputs lie."""

_GRID = tuple(LOW + (HIGH - LOW) * step / 100 for step in range(101))
_FLATTEST, _HIGHEST = 0.7, 400.0

# What a wrong description explains of a function at most leaves this share of its variance.
NEAR, FAR = 0.3, 0.7

_TRIES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class NumericFunction:
    """A function of a number: what is true of it, the same as a program without noise, the values.

    `program` is Python that defines `f`.
    """

    truth: str
    program: str
    call: Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way to make a function of curves: in words, as a program's lines, and to call."""

    takes: int
    said: Callable[[Sequence[Curve]], str]
    code: Callable[[Sequence[Curve]], Sequence[str]]
    call: Callable[[Sequence[Curve]], Callable[[float], float]]


def _x(curve: Curve) -> str:
    return curve.said.format(x="x")


def _c(curve: Curve) -> str:
    return curve.code.format(x="x")


FORMS: dict[str, tuple[int, Form]] = {
    "plain": (
        35,
        Form(
            takes=1,
            said=lambda few: _x(few[0]),
            code=lambda few: [f"y = {_c(few[0])}"],
            call=lambda few: few[0].call,
        ),
    ),
    "sum": (
        20,
        Form(
            takes=2,
            said=lambda few: f"the sum of two parts: {_x(few[0])}; and {_x(few[1])}",
            code=lambda few: [f"y = {_c(few[0])} + {_c(few[1])}"],
            call=lambda few: lambda x: few[0].call(x) + few[1].call(x),
        ),
    ),
    "larger": (
        10,
        Form(
            takes=2,
            said=lambda few: f"the larger of two numbers: {_x(few[0])}; and {_x(few[1])}",
            code=lambda few: [f"y = max({_c(few[0])}, {_c(few[1])})"],
            call=lambda few: lambda x: max(few[0].call(x), few[1].call(x)),
        ),
    ),
    "nested": (
        20,
        Form(
            takes=2,
            said=lambda few: f"{few[0].said.format(x='y')}, where y is {_x(few[1])}",
            code=lambda few: [f"y = {_c(few[1])}", f"y = {few[0].code.format(x='y')}"],
            call=lambda few: lambda x: few[0].call(few[1].call(x)),
        ),
    ),
    "split": (
        15,
        Form(
            takes=2,
            said=lambda few: f"for negative x, {_x(few[0])}; for any other, {_x(few[1])}",
            code=lambda few: [f"y = {_c(few[0])} if x < 0 else {_c(few[1])}"],
            call=lambda few: lambda x: (few[0] if x < 0 else few[1]).call(x),
        ),
    ),
}
"""By name: how often of a hundred, and how."""

DISTURBANCES: dict[str, int] = {"none": 60, "noise": 15, "silent": 13, "shifted": 12}
"""How often of a hundred there is noise, or a bias: 0, or more, within a stretch of inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    form: str
    curves: tuple[Curve, ...]
    disturbance: str = "none"
    begin: int = 0
    amount: float = 0.0
    seed: int = 0

    @property
    def plain(self) -> Callable[[float], float]:
        """The function before it is disturbed."""
        return FORMS[self.form][1].call(self.curves)

    @property
    def function(self) -> NumericFunction:
        """Turn the draft into a function with its description."""
        form = FORMS[self.form][1]
        said, line, call = _DISTURBED[self.disturbance](self, self.plain)
        lines = [*form.code(self.curves), *line, "return y"]
        return NumericFunction(
            truth=f"The output is: {form.said(self.curves)}.{said}",
            program="import math\n\n\ndef f(x):\n" + "".join(f"    {each}\n" for each in lines),
            call=lambda x: round(float(call(x)), 4),
        )


_Disturbed = tuple[str, list[str], Callable[[float], float]]


def _undisturbed(_draft: _Draft, plain: Callable[[float], float]) -> _Disturbed:
    return "", [], plain


def _noisy(draft: _Draft, plain: Callable[[float], float]) -> _Disturbed:
    said = f" Normal noise of standard deviation {draft.amount:g} is added."
    named = FORMS[draft.form][1].said(draft.curves)

    def call(x: float) -> float:
        return plain(x) + chance(draft.seed, "noise", named, repr(x)).gauss(0.0, draft.amount)

    return said, [], call


def _silent(draft: _Draft, plain: Callable[[float], float]) -> _Disturbed:
    low, high = draft.begin, draft.begin + 4
    said = f" But it is 0 for x between {low} and {high}."
    line = f"y = 0.0 if {low} <= x <= {high} else y"
    return said, [line], lambda x: 0.0 if low <= x <= high else plain(x)


def _shifted(draft: _Draft, plain: Callable[[float], float]) -> _Disturbed:
    low, high = draft.begin, draft.begin + 4
    said = f" But it is {draft.amount:g} higher for x between {low} and {high}."
    line = f"y = y + {draft.amount:g} if {low} <= x <= {high} else y"
    return said, [line], lambda x: plain(x) + draft.amount * (low <= x <= high)


_DISTURBED: dict[str, Callable[[_Draft, Callable[[float], float]], _Disturbed]] = {
    "none": _undisturbed,
    "noise": _noisy,
    "silent": _silent,
    "shifted": _shifted,
}


def numeric_functions(function_set: FunctionSet) -> tuple[Made[NumericFunction], ...]:
    """Return a set's functions, each with a description of its own; equal recipes, equal sets."""
    return tuple(islice(_made(function_set.seed), function_set.count))


def numeric_inputs(seed: int, count: int) -> list[float]:
    """Return different inputs, uniform over the range, with two decimals."""
    places = int((HIGH - LOW) * 100) + 1
    drawn = chance(seed, "numeric inputs").sample(range(places), count)
    return [round(LOW + place / 100, 2) for place in drawn]


def _made(seed: int) -> Iterator[Made[NumericFunction]]:
    given: set[str] = set()
    for number in count():
        draw = chance(seed, "numeric", number)
        draft = _disturbed(_draft(draw), draw, seed)
        function = draft.function
        if function.truth in given or not _sensible(draft):
            continue
        near, far = _near(draw, draft), _far(draw, draft)
        if near and far:
            given.add(function.truth)
            yield Made(
                function=function, near_distractor=near.function, far_distractor=far.function
            )


def _draft(draw: Random) -> _Draft:
    form = draw.choices(list(FORMS), [share for share, _ in FORMS.values()])[0]
    makers = draw.sample(CURVES, FORMS[form][1].takes)
    return _Draft(form=form, curves=tuple(maker(draw) for maker in makers))


def _disturbed(draft: _Draft, draw: Random, seed: int) -> _Draft:
    kind = draw.choices(list(DISTURBANCES), list(DISTURBANCES.values()))[0]
    size = float(f"{_spread(draft.plain) * (0.1 if kind == 'noise' else 1.0):.1g}")
    begin = draw.randint(-8, 4)
    return replace(draft, disturbance=kind, begin=begin, amount=size, seed=seed)


def _sensible(draft: _Draft) -> bool:
    """Return whether a function varies, stays within sight, and is above 0 somewhere."""
    function = draft.function
    values = [function.call(x) for x in _GRID]
    within = max(map(abs, values)) <= _HIGHEST
    return within and max(values) > _FLATTEST and _spread(draft.plain) > _FLATTEST


def _near(draw: Random, draft: _Draft) -> _Draft | None:
    """Return the draft, undisturbed, with curves of other numbers: its first, or failing that all.

    None where chance finds none that is wrong enough.
    """
    makers = {maker.__name__: maker for maker in CURVES}
    for attempt in range(_TRIES):
        kept = draft.curves[1:] if attempt < _TRIES // 2 else ()
        others = [
            makers[curve.name](draw) for curve in draft.curves[: len(draft.curves) - len(kept)]
        ]
        near = replace(draft, curves=(*others, *kept), disturbance="none")
        if unlike(near.plain, draft.plain) > NEAR and _sensible(near):
            return near
    return None


def _far(draw: Random, draft: _Draft) -> _Draft | None:
    """Return an undisturbed draft of other curves that does not follow this one, or None."""
    names = {curve.name for curve in draft.curves}
    for _ in range(_TRIES):
        far = _draft(draw)
        apart = names.isdisjoint(curve.name for curve in far.curves)
        if apart and unlike(far.plain, draft.plain) > FAR and _sensible(far):
            return far
    return None


def unlike(one: Callable[[float], float], other: Callable[[float], float]) -> float:
    """Return how much of the variance of `other` the first leaves, over the range of inputs."""
    values = [other(x) for x in _GRID]
    mean = sum(values) / len(values)
    left = sum((one(x) - value) ** 2 for x, value in zip(_GRID, values, strict=True))
    return left / max(sum((value - mean) ** 2 for value in values), 1e-12)


def _spread(call: Callable[[float], float]) -> float:
    values = [call(x) for x in _GRID]
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))
