"""Simulate explanations: `manage.py simulate --simulator token_lookup --wait`."""

from explanations import selectors, services
from explanations.management.work import MethodCommand
from explanations.models import Method, Run


class Command(MethodCommand):
    help = "Make runs that predict held-out activations from explanations."
    kind = Method.Kind.SIMULATOR

    def create(
        self, method: Method, subject: int | None, neurons: list[int] | None
    ) -> services.RunCreated:
        """Make a run over the explanations of neurons."""
        keys = selectors.explanation_keys(subject, neurons)
        return services.run_create(kind=Run.Kind.SIMULATE, method=method, explanations=keys)
