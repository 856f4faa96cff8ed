"""Comparisons of invented explanations, and batches of them."""

import random
from typing import Any

from annotation.models import Batch
from annotation.protocols.compare import ComparePayload, Option
from annotation.protocols.excerpt import Excerpt
from annotation.services import batch_create, batch_open


def excerpt(word: str = "trout") -> Excerpt:
    """Return a short excerpt in which one word is marked most."""
    return Excerpt(
        tokens=("The", f" {word}", " swam", " up", " the", " river", "."),
        values=(-0.1, 8.25, 2.5, 0.0, 0.02, 0.83, 0.0),
        levels=(0, 10, 3, 0, 0, 1, 0),
    )


def comparison(
    *, excerpts: tuple[Excerpt, ...], texts: tuple[str, str], seed: str
) -> ComparePayload:
    """Return the payload of two texts; the seed decides the keys, and which text gets which."""
    draw = random.Random(seed)  # noqa: S311
    first, last = sorted(f"{number:08x}" for number in draw.sample(range(16**8), 2))
    one, other = draw.sample(texts, 2)
    return ComparePayload(
        excerpts=excerpts, options=(Option(key=first, text=one), Option(key=last, text=other))
    )


def compare_item(number: int = 0) -> dict[str, Any]:
    """Return the payload of a comparison of two invented explanations."""
    payload = comparison(
        excerpts=(excerpt(), excerpt("salmon")),
        texts=(f"fish in fresh water, number {number}", f"ways to travel, number {number}"),
        seed=f"item {number}",
    )
    return payload.to_json()


def draft_batch(
    *,
    items: int = 6,
    overlap: int = 2,
    payloads: list[dict[str, Any]] | None = None,
    **options: Any,
) -> Batch:
    """Return a draft batch of comparisons; further options go to `batch_create`."""
    payloads = payloads or [compare_item(number) for number in range(items)]
    settings: dict[str, Any] = {
        "title": "What makes this unit respond?",
        "protocol": "compare",
        "consent": "Your answers are stored without your name.",
        "instructions": "Choose the description that fits the excerpts better.",
        "items_per_rater": items,
        **options,
    }
    return batch_create(items=[(payload, overlap) for payload in payloads], **settings)


def open_batch(**options: Any) -> Batch:
    """Return an open batch; see `draft_batch`."""
    batch = draft_batch(**options)
    batch_open(batch=batch)
    return batch
