"""Score simulations: `manage.py score --scorer correlation r_squared --wait`."""

from explanations import selectors, services
from explanations.management.work import MethodCommand
from explanations.models import Method, Run


class Command(MethodCommand):
    help = "Make runs that compare simulated with actual activations."
    kind = Method.Kind.SCORER

    def create(
        self, method: Method, subject: int | None, neurons: list[int] | None
    ) -> services.RunCreated:
        """Make a run over the simulations for neurons."""
        keys = selectors.simulation_keys(subject, neurons)
        return services.run_create(kind=Run.Kind.SCORE, method=method, simulations=keys)
