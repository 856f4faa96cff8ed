"""Explain neurons: `manage.py explain --explainer token_lookup --neurons 3/0-99 --wait`."""

from explanations.management.run_command import MethodCommand
from explanations.models import Run


class Command(MethodCommand):
    help = "Make runs that explain neurons; those that an explainer is done with are left out."
    kind = Run.Kind.EXPLAIN
