"""Maximum likelihood by Newton's method, for likelihoods with one hill."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from studies.analysis.ratings import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A log-likelihood at a point: its value, gradient (k,) and information (k, k)."""

    value: float
    gradient: Array
    information: Array


def maximise(likelihood: Callable[[Array], Slope], start: Array) -> Array:
    """Return where a concave `likelihood` is highest; its maximum must exist.

    The information must be of full rank; see `anchored` for abilities. ArithmeticError when 200
    steps are too few.
    """
    point, here = start, likelihood(start)
    for _ in range(200):
        step = np.linalg.solve(here.information, here.gradient)
        there = likelihood(point + step)
        while not there.value >= here.value - 1e-9 * (1 + abs(here.value)):
            step = step / 2
            there = likelihood(point + step)
        point, here = point + step, there
        if np.abs(step).max(initial=0.0) < 1e-9 * (1 + np.abs(point).max(initial=0.0)):
            return point
    raise ArithmeticError("the likelihood was not maximised in 200 steps")


def anchored(information: Array, n_abilities: int) -> Array:
    """Give full rank to the information (k, k) on abilities of which only differences count.

    The gradient has no part along their common level, so that no step goes there; and the inverse,
    centred over the abilities, is that of the differences.
    """
    k = n_abilities
    held = information.copy()
    held[:k, :k] += np.trace(information[:k, :k]) / k**2
    return held
