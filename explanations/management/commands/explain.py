"""Explain neurons: `manage.py explain --explainer token_lookup --neurons 3/0-99 --wait`."""

from explanations import selectors, services
from explanations.management.work import MethodCommand
from explanations.models import Method, Run


class Command(MethodCommand):
    help = "Make runs that explain neurons; those that an explainer is done with are left out."
    kind = Method.Kind.EXPLAINER

    def create(
        self, method: Method, subject: int | None, neurons: list[int] | None
    ) -> services.RunCreated:
        """Make a run over neurons."""
        keys = selectors.neuron_keys(subject, neurons)
        return services.run_create(kind=Run.Kind.EXPLAIN, method=method, neurons=keys)
