"""Random generators by purpose, all from a study's stored seed."""

import hashlib

import numpy as np


def stream(seed: int, *purpose: str) -> np.random.Generator:
    """Return the generator of one purpose: the same for the same seed, independent of the others.

    So showing one more excerpt, for example, does not reorder the items.
    """
    name = "/".join((str(seed), *purpose))
    return np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:16]))
