"""Published figures that a study's own can be compared with."""

PUBLISHED = (0.56, 0.76, 0.87, 0.94, 0.97, 1.0, 1.0)
"""Agreement of preference with score in the bins of `GAP_EDGES`: GPT-2 XL, Bills et al. (2023)."""
_PUBLISHED_SCORER = "correlation"


def published_for(scorer: str) -> tuple[float, ...]:
    """Return the published shares for a scorer that is a correlation; others have no such gaps."""
    return PUBLISHED if scorer.startswith(_PUBLISHED_SCORER) else ()
