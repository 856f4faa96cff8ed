"""Balanced orders from Latin squares."""

import numpy as np


def latin_square(n: int, random: np.random.Generator) -> list[list[int]]:
    """Return n orders of n things with each thing once in every position.

    They are the rows of a cyclic square with shuffled rows, columns and symbols.
    """
    rows, places, things = (random.permutation(n) for _ in range(3))
    return [[int(things[(row + place) % n]) for place in places] for row in rows]


def balanced_orders(n_orders: int, n: int, random: np.random.Generator) -> list[list[int]]:
    """Return orders of n things from consecutive Latin squares.

    In any number of orders, the counts of two things in the same position differ by at most one,
    plus one for an incomplete square.
    """
    if n == 0:
        return [[] for _ in range(n_orders)]
    orders: list[list[int]] = []
    while len(orders) < n_orders:
        orders += latin_square(n, random)
    return orders[:n_orders]
