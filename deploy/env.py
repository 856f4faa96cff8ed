"""The one reader of the process environment; settings take every value from here."""

from environs import Env

# Not eager: `seal()` names every bad variable at once and stops start-up.
env = Env(eager=False)
