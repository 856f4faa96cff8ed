"""The records of a neuron whose file names no documents: each window is a document of its own.

A window's key is made of its text, so the same text goes to the same split wherever it comes again:
in another neuron's records, in another file, in another format.
"""

from collections.abc import Sequence
from hashlib import blake2b

from explanations.formats.lines import RecordLine
from explanations.formats.reading import Excerpt
from explanations.records import RecordKind, deal


def window_key(text: bytes) -> str:
    """Return the key of the document that a window with this text in UTF-8 is."""
    return f"window-{blake2b(text, digest_size=16).hexdigest()}"


class WindowRecords:
    """Collects one neuron's records, each window once, and deals them into splits."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._records: list[RecordLine] = []
        self._places: dict[str, list[int]] = {}

    @property
    def records(self) -> tuple[RecordLine, ...]:
        """What was collected, in order."""
        return tuple(self._records)

    @property
    def peak(self) -> float | None:
        """The highest activation; None without records."""
        return max((max(record.activations) for record in self._records), default=None)

    def add(self, excerpt: Excerpt, kind: RecordKind, quantile: int | None = None) -> int:
        """Collect a window and return its position; one that is there already stays what it was.

        The same tokens with other activations stood in another context: they are kept as a further
        record of the same document.
        """
        key = _key(excerpt.tokens)
        same = self._places.setdefault(key, [])
        for position in same:
            if self._records[position].activations == excerpt.activations:
                return position
        self._records.append(
            RecordLine(
                document=key,
                start=len(same),
                split=deal(key, self._seed),
                kind=kind,
                quantile=quantile,
                tokens=excerpt.tokens,
                activations=excerpt.activations,
            )
        )
        same.append(len(self._records) - 1)
        return same[-1]

    def position(self, tokens: Sequence[str]) -> int | None:
        """Return where a window with these tokens is; None where it is not, or more than once."""
        same = self._places.get(_key(tokens), [])
        return same[0] if len(same) == 1 else None


def _key(tokens: Sequence[str]) -> str:
    return window_key("".join(tokens).encode())
