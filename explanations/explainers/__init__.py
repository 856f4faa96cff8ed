"""Explainers: one module each, registered here by name."""

from explanations.explainers import (
    agent,
    best_of_k,
    contrastive,
    ngram,
    null,
    random_other,
    revision,
    token_activation,
    token_lookup,
)
from explanations.explainers.base import Explainer, Want

EXPLAINERS: dict[str, Explainer] = {
    explainer.name: explainer
    for explainer in (
        token_lookup.EXPLAINER,
        ngram.EXPLAINER,
        token_activation.EXPLAINER,
        contrastive.EXPLAINER,
        best_of_k.EXPLAINER,
        revision.EXPLAINER,
        agent.EXPLAINER,
        random_other.EXPLAINER,
        null.EXPLAINER,
    )
}

__all__ = ["EXPLAINERS", "Explainer", "Want"]
