"""Maximum likelihood by Newton's method, for likelihoods with one hill."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from studies.analysis.data.ratings import Array
from studies.analysis.statistics.graph import Laplacian


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A log-likelihood at a point: its value, gradient (k,) and information (k, k).

    The information is a matrix, or for many items a `Laplacian` (abilities only).
    """

    value: float
    gradient: Array
    information: Array | Laplacian

    def matrix(self) -> Array:
        """Return the information as a matrix of full rank."""
        if isinstance(self.information, Laplacian):
            whole = self.information.dense()
            return whole if self.information.precision else anchored(whole, len(whole))
        return self.information

    def step(self) -> Array:
        """Return the step of Newton's method."""
        if isinstance(self.information, Laplacian):
            step = self.information.solve(self.gradient)
            if step is not None:
                return step
        return np.linalg.solve(self.matrix(), self.gradient).astype(np.float64, copy=False)

    def inverse(self) -> Array:
        """Return the inverse of the information, at the highest point the covariance."""
        return np.linalg.inv(self.matrix()).astype(np.float64, copy=False)


def maximise(likelihood: Callable[[Array], Slope], start: Array) -> Array:
    """Return where a concave `likelihood` is highest; its maximum must exist.

    The information must be of full rank; see `anchored` for abilities. ArithmeticError when 200
    steps are too few.
    """
    point, here = start, likelihood(start)
    for _ in range(200):
        step = here.step()
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
