"""Score simulations: `manage.py score --scorer correlation r_squared --wait`."""

from explanations.management.run_command import MethodCommand
from explanations.models import Run


class Command(MethodCommand):
    help = "Make runs that score explanations, or their simulations, on held-out records."
    kind = Run.Kind.SCORE
