"""Maximum likelihood by Newton's method, for concave likelihoods."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from studies.analysis.data.ratings import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A log-likelihood at a point: its value, gradient (k,) and information (k, k).

    Several separate problems at once have leading dimensions: value (m,), gradient (m, k),
    information (m, k, k).
    """

    value: Array
    gradient: Array
    information: Array

    def step(self) -> Array:
        """Return the step of Newton's method."""
        step = np.linalg.solve(self.information, self.gradient[..., None])[..., 0]
        return step.astype(np.float64, copy=False)

    def inverse(self) -> Array:
        """Return the inverse of the information: at the maximum, the covariance."""
        return np.linalg.inv(self.information).astype(np.float64, copy=False)


def maximise(likelihood: Callable[[Array], Slope], start: Array) -> tuple[Array, Slope]:
    """Return where a concave `likelihood` is highest, and its slope there.

    The maximum must exist, and the information be of full rank; see `anchored` for abilities. A
    step that does not lead uphill is halved. ArithmeticError after 200 steps.
    """
    point, here = start, likelihood(start)
    for _ in range(200):
        step = here.step()
        there = likelihood(point + step)
        while (worse := ~(there.value >= here.value - 1e-9 * (1 + np.abs(here.value)))).any():
            step = np.where(worse[..., None], step / 2, step)
            there = likelihood(point + step)
        point, here = point + step, there
        if np.abs(step).max(initial=0.0) < 1e-9 * (1 + np.abs(point).max(initial=0.0)):
            return point, here
    raise ArithmeticError("the likelihood was not maximised in 200 steps")


def anchored(information: Array, n_abilities: int) -> Array:
    """Return the information (k, k) with full rank, where only differences of abilities count.

    The gradient has no part along their common level, so that no step goes there; and the inverse,
    centred over the abilities, is that of the differences.
    """
    k = n_abilities
    held = information.copy()
    held[:k, :k] += np.trace(information[:k, :k]) / k**2
    return held
