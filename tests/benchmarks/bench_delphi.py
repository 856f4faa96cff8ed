"""Capture beside delphi's cache, on the same rows of tokens and the same neurons.

Run: python -m tests.benchmarks.bench_delphi. delphi (pip: eai-delphi) wants vllm, which its cache
does not need: `pip install --no-deps` it, and what it imports, into a folder on PYTHONPATH. It
keeps every activation that is not 0 in memory, so few tokens are enough to see how that grows.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from explanations.capture import CaptureState
from explanations.capture.streams import Streams
from explanations.records import Split
from explanations.subjects import Batch, TransformersMLP, load_transformer
from tests.benchmarks.bench_capture import SMALL, begun, exhaust
from tests.benchmarks.stopwatch import emit, seconds
from tests.small_model.stories import stories

ROWS, LENGTH, BATCHES, ROUNDS = 8, 256, 8, 3


def main() -> None:
    """Print tokens per second of both, and how many bytes both hold at the end."""
    try:
        from delphi.latents.cache import LatentCache
    except ImportError as error:
        emit(f"delphi is not installed here ({error}): no comparison with its cache")
        return
    torch.set_grad_enabled(False)
    subject = load_transformer(SMALL)
    batches = rows(subject)
    tokens = ROWS * LENGTH * BATCHES
    for number in range(ROUNDS):
        state = begun(subject, batches)
        mine = seconds(lambda state=state: observed(state, subject, batches))
        cache = delphi(LatentCache, subject)
        ids = torch.cat([batch.ids for batch in batches])
        theirs = seconds(lambda cache=cache, ids=ids: cache.run(ids.numel(), ids))
        emit(
            f"round {number + 1}: capture {tokens / mine:,.0f} tokens/s, delphi's cache "
            f"{tokens / theirs:,.0f}, ratio {theirs / mine:.2f}; held: "
            f"{held(state) / 2**20:,.0f} MiB for any text, "
            f"delphi {cached(cache) / tokens / 1024:,.0f} KiB for each token"
        )


def rows(subject: TransformersMLP) -> list[Batch]:
    """Cut stories into rows of equal length, as delphi wants them."""
    coded = subject.tokenizer.encode([story["text"] for story in stories(1000)])
    ids = [number for text in coded for number in text.ids]
    pieces = [piece for text in coded for piece in text.pieces]
    batches = []
    for batch in range(BATCHES):
        starts = [(batch * ROWS + row) * LENGTH for row in range(ROWS)]
        batches.append(
            Batch(
                texts=tuple(range(batch * ROWS, (batch + 1) * ROWS)),
                ids=torch.tensor([ids[start : start + LENGTH] for start in starts]),
                mask=torch.ones((ROWS, LENGTH), dtype=torch.int64),
                first=0,
                lengths=(LENGTH,) * ROWS,
                pieces=tuple(tuple(pieces[start : start + LENGTH]) for start in starts),
                truncated=(False,) * ROWS,
            )
        )
    return batches


def observed(state: CaptureState, subject: TransformersMLP, batches: Sequence[Batch]) -> None:
    """Capture the rows, each as a document of its own."""
    splits = list(Split)
    rows = [(batch, [(f"d{n}", splits[n % 3]) for n in batch.texts]) for batch in batches]
    with Streams(subject) as streams:
        exhaust(state.observe(streams, rows))
    state.end_block(ROWS * BATCHES)


def delphi(cache: Any, subject: TransformersMLP) -> Any:
    """Return a cache of what the MLPs' output projections read, as it is."""
    names = [name for name, _ in subject.model.named_modules() if name.endswith("mlp.down_proj")]
    same: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {name: lambda x: x for name in names}
    return cache(subject.model, same, batch_size=ROWS, transcode=True)


def held(state: CaptureState) -> int:
    """Return the bytes of all tensors of a capture."""
    tensors = [
        tensor
        for layer in state.layers
        for tensor in (
            *layer.statistics.arrays().values(),
            layer.statistics.block_words,
            *layer.samples.values(),
            *layer.tops.arrays().values(),
        )
    ]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def cached(cache: Any) -> int:
    """Return the bytes of all tensors that delphi's cache holds."""
    stores = (cache.cache.latent_locations, cache.cache.latent_activations, cache.cache.tokens)
    tensors = [tensor for store in stores for tensor in store.values()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


if __name__ == "__main__":
    main()
