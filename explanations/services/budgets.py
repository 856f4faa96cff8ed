"""Budgets of runs. A run whose budget is spent is halted until it gets a larger one."""

import math
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, OuterRef

from explanations.methods.requests import LOCAL, Need
from explanations.models import Method, Run, Target
from explanations.prices import Price, Prices
from explanations.services.methods import registry


class RunRefused(ValueError):
    """A run that cannot be made or changed as asked; `field` is what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def budget_check(*, budget: float | None, method: Method | None) -> None:
    """Refuse an invalid budget, or one for a model without a price."""
    if budget is None:
        return
    if not math.isfinite(budget) or budget <= 0:
        raise RunRefused("budget", f"{budget} is no budget: give an amount of US dollars above 0")
    model = model_asked(method)
    if model and price_of(model) is None:
        raise RunRefused("budget", _unpriced(model))


def price_of(model: str) -> Price | None:
    """Return a model's price, None where it is not known; one that runs in here costs nothing."""
    free = Price(tokens_in=0.0, tokens_out=0.0) if model.startswith(LOCAL) else None
    prices: Prices = settings.PRICES
    return prices.get(model, free)


def model_asked(method: Method | None) -> str:
    """Return the language model that a method's runs ask, empty where they ask none."""
    if method is None:
        return ""
    builtin = registry(Method.Kind(method.kind)).get(method.name)
    if builtin is None or Need.MODEL not in builtin.needs:
        return ""
    return str(method.config.get("model") or settings.LLM_MODEL)


def run_may_ask(*, run_id: int, lease: UUID | None, model: str, price: Price | None) -> bool:
    """Tell whether the holder of a lease may ask a run's model another question.

    Not once the lease is lost, for another worker asks then. A run whose budget says no is halted.
    """
    held = Target.objects.filter(run=OuterRef("pk"), lease=lease)
    runs = Run.objects.only("budget", "dollars", "halted").filter(Exists(held))
    run = runs.filter(pk=run_id, halted="").first()
    if run is None:
        return False
    if run.budget is None or (price is not None and run.dollars < run.budget):
        return True
    spent = f"its budget of ${run.budget:,.2f} is spent"
    Run.objects.filter(pk=run_id).update(halted=spent if price else _unpriced(model))
    return False


def _unpriced(model: str) -> str:
    return (
        f"{model} has no price, so no budget can be kept: add it to CONCORDANCE_PRICES, "
        "for the web and every worker"
    )
