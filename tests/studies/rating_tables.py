"""Tables of ratings by three raters whose agreement can be worked out by hand."""

from math import nan

CHOICES: dict[tuple[int, ...], int] = {
    (0, 0, 0): 20,
    (1, 1, 1): 40,
    (2, 2, 2): 30,
    (1, 1, 2): 4,
    (1, 2, 2): 3,
    (0, 1, 1): 2,
    (0, 0, 2): 1,
}
"""What raters 1, 2 and 3 chose, and in how many units."""

YES_NO_COUNTS = (
    (30, 20, 20, 30),
    (0, 50, 50, 0),
    (90, 10, 0, 0),
    (0, 0, 0, 100),
    (50, 0, 0, 50),
    (10, 30, 40, 20),
)
"""For each question the number of units in which none, one, two and all three said yes."""

# D_o is two thirds of the share of mixed units, D_e = 2 * yes * no / (300 * 299), and alpha is
# 1 - D_o / D_e: with m mixed units 1 - 299 * m / (yes * no). Of the fourth nobody said no.
YES_NO_ALPHAS = [
    1 - 299 * 40 / (150 * 150),
    1 - 299 * 100 / (150 * 150),
    1 - 299 * 10 / (10 * 290),
    nan,
    1.0,
    1 - 299 * 70 / (170 * 130),
]


def votes(patterns: dict[tuple[int, ...], int]) -> tuple[list[int], list[int], list[int]]:
    """Return units, raters (from 1 on) and values of counted patterns."""
    units = [pattern for pattern, count in patterns.items() for _ in range(count)]
    rows = [
        (unit, rater, value)
        for unit, pattern in enumerate(units)
        for rater, value in enumerate(pattern, 1)
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    return columns[0], columns[1], columns[2]


def yes_no() -> list[tuple[int, ...]]:
    """Return a row an answer, with 0 or 1 for each question; three in a row are of one unit."""
    columns = [
        [
            int((rater + unit) % 3 < yes)
            for yes, count in enumerate(counts)
            for unit in range(count)
            for rater in range(3)
        ]
        for counts in YES_NO_COUNTS
    ]
    return list(zip(*columns, strict=True))
