"""Read references to neurons such as `3/120`, `L3/120`, `3/0-99`."""

import re

from explanations.records import NeuronRef

MOST = 20_000
"""Maximum of references in one text: enough for a study, too few to fill a server's memory."""

_PIECE = re.compile(
    r"L?(?P<layer>\d{1,6})/(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?", re.IGNORECASE
)


def parse_references(text: str) -> tuple[NeuronRef, ...]:
    """Return the unique neurons that a text names as `layer/index` or ranges.

    They are separated by spaces, commas or lines. ValueError names the first invalid reference.
    """
    found = dict[NeuronRef, None]()
    for piece in re.split(r"[\s,;]+", text.strip()):
        if piece:
            found.update(dict.fromkeys(_read(piece)))
        if len(found) > MOST:
            raise ValueError(f"more than {MOST:,} neurons at once")
    return tuple(found)


def _read(piece: str) -> list[NeuronRef]:
    match = _PIECE.fullmatch(piece)
    if match is None:
        raise ValueError(f"“{piece}” is not a neuron: write layer/index, as 3/120 or 3/0-99")
    first = int(match["first"])
    last = int(match["last"] or first)
    if not first <= last < first + MOST:
        raise ValueError(f"“{piece}” is not a range of 1 to {MOST:,} neurons")
    layer = int(match["layer"])
    return [NeuronRef(layer=layer, index=index) for index in range(first, last + 1)]
