"""Orders that balance: Latin squares."""

import numpy as np


def latin_square(n: int, random: np.random.Generator) -> list[list[int]]:
    """Return n orders of n things, in which each stands once in every place.

    Rows, places and things of the cyclic square are shuffled.
    """
    rows, places, things = (random.permutation(n) for _ in range(3))
    return [[int(things[(row + place) % n]) for place in places] for row in rows]


def balanced_orders(n_orders: int, n: int, random: np.random.Generator) -> list[list[int]]:
    """Return orders of n things, Latin square after Latin square.

    Over any number of them no thing stands in a place more than once oftener than another thing,
    up to one more for a square that is begun.
    """
    if n == 0:
        return [[] for _ in range(n_orders)]
    orders: list[list[int]] = []
    while len(orders) < n_orders:
        orders += latin_square(n, random)
    return orders[:n_orders]
