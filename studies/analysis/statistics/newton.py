"""Maximum likelihood by Newton's method, for concave likelihoods."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy

from studies.analysis.data.ratings import Array

_MANY = 200
"""Parameters from which conjugate gradients are quicker than elimination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseInformation:
    """`matrix`.T @ diag(`weight`) @ `matrix`, with a prior's `precision` on `n_abilities`.

    Without a prior it is `anchored`. NumPy takes it as an array, which is computed only then.
    """

    matrix: "scipy.sparse.csr_array"
    weight: Array
    precision: float
    n_abilities: int

    def __array__(self, dtype: None = None, copy: None = None) -> Array:
        """Return the information as an array."""
        k = self.n_abilities
        dense: Array = (self.matrix.T @ self.matrix.multiply(self.weight[:, None])).toarray()
        dense[np.arange(k), np.arange(k)] += self.precision
        return dense if self.precision else anchored(dense, k)

    def solve(self, gradient: Array) -> tuple[Array, bool]:
        """Return the step by conjugate gradients, and whether it came soon enough to be used.

        Source: Hestenes & Stiefel (1952), scaled by the diagonal.
        """
        k, n, across = self.n_abilities, len(gradient), self.matrix.T
        prior = np.where(np.arange(n) < k, self.precision, 0.0)
        scale = abs(across) @ self.weight + prior
        operator = partial(scipy.sparse.linalg.LinearOperator, (n, n))
        step, late = scipy.sparse.linalg.cg(
            operator(lambda x: across @ (self.weight * (self.matrix @ x)) + prior * x),
            gradient,
            M=operator(lambda x: x / scale),
            rtol=1e-4,
            atol=1e-14 * float(np.linalg.norm(scale)),
            maxiter=200,
        )
        step[:k] -= 0.0 if self.precision else step[:k].mean()
        return step, not late


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """A log-likelihood at a point: its value, gradient (k,) and information (k, k).

    Several separate problems at once have leading dimensions: value (m,), gradient (m, k),
    information (m, k, k).
    """

    value: Array
    gradient: Array
    information: Array | SparseInformation

    def step(self) -> Array:
        """Return the step of Newton's method."""
        if isinstance(self.information, SparseInformation) and len(self.gradient) >= _MANY:
            found, soon = self.information.solve(self.gradient)
            if soon:
                return found
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
