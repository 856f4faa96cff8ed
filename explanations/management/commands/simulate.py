"""Simulate explanations: `manage.py simulate --simulator token_lookup --wait`."""

from explanations.management.run_command import MethodCommand
from explanations.models import Run


class Command(MethodCommand):
    help = "Make runs that predict held-out activations from explanations."
    kind = Run.Kind.SIMULATE
