"""Score simulations: `manage.py score --scorer correlation r_squared --wait`."""

from explanations import selectors, services
from explanations.management.work import MethodCommand
from explanations.models import Method, Run


class Command(MethodCommand):
    help = "Make runs that score explanations, or their simulations, on held-out records."
    kind = Method.Kind.SCORER

    def create(
        self, method: Method, subject: int | None, neurons: list[int] | None
    ) -> services.RunCreated:
        """Make a run over the simulations or the explanations for neurons."""
        return services.run_create(
            kind=Run.Kind.SCORE,
            method=method,
            simulations=selectors.simulation_keys(subject, neurons),
            explanations=selectors.explanation_keys(subject, neurons),
        )
