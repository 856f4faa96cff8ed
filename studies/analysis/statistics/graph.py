"""What comparisons tell of abilities, kept as who met whom: for more items than a matrix suits."""

from dataclasses import dataclass

import numpy as np
import scipy

from studies.analysis.data.ratings import Array, Codes, sum_by

_CLOSE, _STEPS = 1e-6, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """Items and their opponents, in rows of a sparse matrix that is made once for a fit.

    Row i has its opponents `others[starts[i] : starts[i + 1]]`; `source` is the pair (of `left` and
    `right`) that each stands for.
    """

    left: Codes
    right: Codes
    others: Codes
    starts: Codes
    source: Codes

    @property
    def items(self) -> int:
        """How many items there are."""
        return len(self.starts) - 1


def neighbours(left: Codes, right: Codes, items: int) -> Neighbours:
    """Return who met whom; each pair stands in two rows."""
    row = np.concatenate([left, right])
    order = np.argsort(row.astype(np.uint16 if items <= 2**16 else np.intp), kind="stable")
    return Neighbours(
        left=left,
        right=right,
        others=np.concatenate([right, left])[order],
        starts=np.concatenate([[0], np.cumsum(np.bincount(row, minlength=items))]),
        source=order % len(left),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Laplacian:
    """The information on abilities: the `weight` of each pair, and a prior's `precision`."""

    met: Neighbours
    weight: Array
    precision: float

    def dense(self) -> Array:
        """Return it as a matrix (items, items)."""
        met, k = self.met, self.met.items
        half = sum_by(met.left * k + met.right, self.weight, k * k).reshape(k, k)
        both = half + half.T
        spread: Array = np.diag(both.sum(axis=1) + self.precision) - both
        return spread

    def solve(self, gradient: Array) -> Array | None:
        """Return the step that the gradient asks for, close enough for Newton's method.

        By conjugate gradients, scaled by the diagonal; None when they are slow, as where few
        opponents link many items. Without a prior the step has no part along the common level.
        Source: Hestenes & Stiefel (1952).
        """
        met, k = self.met, self.met.items
        diagonal = sum_by(met.left, self.weight, k) + sum_by(met.right, self.weight, k)
        diagonal += self.precision
        shape = (k, k)
        across = scipy.sparse.csr_array(
            (self.weight[met.source], met.others, met.starts), shape=shape
        )
        operator = scipy.sparse.linalg.LinearOperator
        step, late = scipy.sparse.linalg.cg(
            operator(shape, matvec=lambda point: diagonal * point - across @ point),
            gradient,
            M=operator(shape, matvec=lambda point: point / diagonal),
            rtol=_CLOSE,
            maxiter=_STEPS,
        )
        if late:
            return None
        found: Array = step if self.precision else step - step.mean()
        return found
