"""Whether a likelihood has a maximum, or rises for ever in some direction."""

from typing import Any

import numpy as np
import scipy


def separation(leads: Any) -> float:
    """Return how far the data are separated: 0 means that the likelihood has a maximum.

    Rows of `leads` (dense or sparse) are the parameters' weights in the log-odds of what happened
    over what did not. A direction in which none falls and some rises makes the likelihood rise for
    ever. Directions in which no row moves are not seen: check the rank.
    Source: Albert & Anderson (1984).
    """
    rows = scipy.sparse.csr_array(leads)
    both: Any = scipy.sparse.vstack([rows, -rows])
    farthest = scipy.optimize.linprog(
        -np.asarray(rows.sum(axis=0), dtype=np.float64).ravel(),
        A_ub=both,
        b_ub=np.repeat([1.0, 0.0], rows.shape[0]),
        bounds=(None, None),
    )
    return float((rows @ np.asarray(farthest.x, dtype=np.float64)).max())
