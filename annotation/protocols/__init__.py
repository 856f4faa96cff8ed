"""The ways to ask a question, one folder each: every place that needs a protocol looks here."""

from typing import Any

from annotation.protocols.base import Protocol
from annotation.protocols.choose import CHOOSE
from annotation.protocols.compare import COMPARE
from annotation.protocols.mark import MARK
from annotation.protocols.rank import RANK
from annotation.protocols.rate import RATE
from annotation.protocols.simulate import SIMULATE
from annotation.protocols.write import WRITE

PROTOCOLS: dict[str, Protocol[Any]] = {
    protocol.name: protocol for protocol in (COMPARE, RANK, RATE, CHOOSE, MARK, SIMULATE, WRITE)
}
