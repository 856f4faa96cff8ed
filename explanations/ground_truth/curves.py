"""The simple functions of a number that others are made of. Pure."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A function of a number: in words and as a Python expression, both of `{x}`, and to call."""

    name: str
    said: str
    code: str
    call: Callable[[float], float]


def line(draw: Random) -> Curve:
    """Return a straight line."""
    a, b = draw.choice([-3, -2, -1.5, -0.5, 0.5, 1.5, 2, 3]), draw.randint(-5, 5)
    return Curve(
        name="line",
        said=f"{a:g} times {{x}}{_plus(b)}",
        code=f"({a:g} * {{x}} + {b})",
        call=lambda x: a * x + b,
    )


def parabola(draw: Random) -> Curve:
    """Return a square, moved and stretched."""
    a, b = draw.choice([-0.5, -0.2, 0.1, 0.2, 0.5]), draw.randint(-4, 4)
    inner = f"{{x}}{_plus(-b)}"
    return Curve(
        name="parabola",
        said=f"{a:g} times the square of ({inner})" if b else f"{a:g} times the square of {{x}}",
        code=f"({a:g} * ({{x}} - {b}) ** 2)",
        call=lambda x: a * (x - b) ** 2,
    )


def distance(draw: Random) -> Curve:
    """Return a distance from a number."""
    a = draw.randint(-6, 6)
    return Curve(
        name="distance",
        said=f"the distance between {{x}} and {a}",
        code=f"abs({{x}} - {a})",
        call=lambda x: abs(x - a),
    )


def wave(draw: Random) -> Curve:
    """Return a sine."""
    a, b = draw.choice([2, 3, 4, 5, 6]), draw.choice([0.5, 1.5, 2, 3])
    return Curve(
        name="wave",
        said=f"{a} times the sine of {b:g} times {{x}} (in radians)",
        code=f"({a} * math.sin({b:g} * {{x}}))",
        call=lambda x: a * math.sin(b * x),
    )


def step(draw: Random) -> Curve:
    """Return two levels."""
    at, (low, high) = draw.randint(-5, 5), draw.sample(range(-8, 9), 2)
    return Curve(
        name="step",
        said=f"{high} where {{x}} is above {at} and {low} elsewhere",
        code=f"({high} if {{x}} > {at} else {low})",
        call=lambda x: high if x > at else low,
    )


def ramp(draw: Random) -> Curve:
    """Return what is above a number."""
    a, at = draw.choice([2, 3, 4]), draw.randint(-6, 5)
    return Curve(
        name="ramp",
        said=f"{a} times how far {{x}} is above {at}, and 0 below that",
        code=f"({a} * max(0.0, {{x}} - {at}))",
        call=lambda x: a * max(0.0, x - at),
    )


def remainder(draw: Random) -> Curve:
    """Return a remainder."""
    a = draw.randint(2, 7)
    return Curve(
        name="remainder",
        said=f"the remainder of {{x}} divided by {a} (from 0 to below {a})",
        code=f"({{x}} % {a})",
        call=lambda x: x % a,
    )


def stairs(draw: Random) -> Curve:
    """Return whole multiples."""
    a = draw.choice([2, 3, 4, 5])
    return Curve(
        name="stairs",
        said=f"{{x}} rounded down to a multiple of {a}",
        code=f"({a} * math.floor({{x}} / {a}))",
        call=lambda x: float(a * math.floor(x / a)),
    )


def hill(draw: Random) -> Curve:
    """Return a bell."""
    a, at, width = draw.choice([3, 5, 8, 10]), draw.randint(-6, 6), draw.choice([1, 2, 3])
    return Curve(
        name="hill",
        said=f"a bell-shaped hill of height {a} around {at} and width {width}: {a} times e to the "
        f"power of minus the square of (({{x}}{_plus(-at)}) / {width})",
        code=f"({a} * math.exp(-((({{x}} - {at}) / {width}) ** 2)))",
        call=lambda x: a * math.exp(-(((x - at) / width) ** 2)),
    )


CURVES: tuple[Callable[[Random], Curve], ...] = (
    line,
    parabola,
    distance,
    wave,
    step,
    ramp,
    remainder,
    stairs,
    hill,
)


def _plus(number: int) -> str:
    if number == 0:
        return ""
    return f" plus {number}" if number > 0 else f" minus {-number}"
