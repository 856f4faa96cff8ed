"""Random numbers for a stated purpose, all from a study's one stored seed."""

import hashlib

import numpy as np


def stream(seed: int, *purpose: str) -> np.random.Generator:
    """Return the generator of one purpose: the same for the same seed, independent of the others.

    Naming the purpose keeps draws apart: showing one excerpt more does not reorder the items.
    """
    name = "/".join((str(seed), *purpose))
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:16]))
