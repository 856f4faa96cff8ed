"""The result of a model of comparisons: abilities, or the reason why there are none."""

from collections.abc import Callable
from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from studies.analysis.data.ratings import Array
from studies.analysis.statistics.comparisons import components
from studies.analysis.statistics.newton import Slope, maximise

if TYPE_CHECKING:
    import scipy


@dataclass(frozen=True, slots=True, kw_only=True)
class Ability:
    """One item's ability in log-odds of winning, with its standard error."""

    item: Any
    log_ability: float
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """A fitted model of comparisons, or the `reason` why there is none.

    `log_ability` (k,), in the order of `items`, has mean zero; nan exactly when `reason` is set.
    `top` is the likelihood at its highest point, None without one. `side_bias` (of the left,
    log-odds) and `log_nu` (of ties) are nan where the model has none. `components` are the sets of
    items that met, directly or through others: abilities compare within one.
    """

    items: tuple[Any, ...]
    components: tuple[tuple[Any, ...], ...]
    log_ability: Array
    top: Slope | None
    side_bias: float = nan
    side_bias_se: float = nan
    log_nu: float = nan
    log_nu_se: float = nan
    log_likelihood: float = nan
    reason: str = ""

    @property
    def covariance(self) -> Array:
        """Return the covariance (k, k) of `log_ability`, so centred; nan where that is.

        Computed when asked for: it takes longer than the fit where items are many.
        """
        k = len(self.items)
        if self.top is None:
            return np.full((k, k), nan)
        return _centred(self.top.inverse()[:k, :k])

    def abilities(self, *, relative_to: Any = None) -> tuple[Ability, ...]:
        """Return each item's ability, from the mean or from that of one item (then se 0)."""
        shift = np.eye(len(self.items))
        if relative_to is not None:
            shift[:, self.items.index(relative_to)] -= 1
        values, variances = shift @ self.log_ability, np.diag(shift @ self.covariance @ shift.T)
        errors = np.sqrt(np.maximum(variances, 0.0))
        return tuple(
            Ability(item=item, log_ability=value, se=se)
            for item, value, se in zip(self.items, values.tolist(), errors.tolist(), strict=True)
        )


def unfitted(
    items: npt.NDArray[Any], win_graph: "scipy.sparse.csr_array", reason: str
) -> Abilities:
    """Return no abilities, for `reason`."""
    k = len(items)
    return Abilities(
        items=tuple(items.tolist()),
        components=components(items, win_graph),
        log_ability=np.full(k, nan),
        top=None,
        reason=reason,
    )


def fitted(
    items: npt.NDArray[Any],
    win_graph: "scipy.sparse.csr_array",
    likelihood: Callable[[Array], Slope],
    start: Array,
    *,
    ties: bool = False,
) -> Abilities:
    """Return the fit; parameters are the abilities, then the side bias, then ties', if any."""
    k = len(items)
    point, top = maximise(likelihood, start)
    side = len(start) - ties > k
    errors = np.sqrt(np.maximum(np.diag(top.inverse()), 0.0)) if side or ties else np.zeros(k)
    return Abilities(
        items=tuple(items.tolist()),
        components=components(items, win_graph),
        log_ability=point[:k] - point[:k].mean(),
        top=top,
        side_bias=float(point[k]) if side else nan,
        side_bias_se=float(errors[k]) if side else nan,
        log_nu=float(point[-1]) if ties else nan,
        log_nu_se=float(errors[-1]) if ties else nan,
        log_likelihood=float(top.value),
    )


def _centred(covariance: Array) -> Array:
    rows = covariance - covariance.mean(axis=0)
    centred: Array = rows - rows.mean(axis=1, keepdims=True)
    return centred
