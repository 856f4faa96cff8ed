"""The only reader of environment variables; settings take every value from here."""

import json

from environs import Env
from marshmallow import ValidationError

from explanations.prices import Prices


def _prices(text: str) -> Prices:
    try:
        return Prices.read(json.loads(text))
    except ValueError as error:
        raise ValidationError(f"Not prices: {error}.") from error


# Not eager: `seal()` names every bad variable at once and stops start-up.
env = Env(eager=False)
env.add_parser("prices", _prices)
