"""Questions of every protocol about invented units, and batches of them."""

import random
from collections.abc import Callable
from typing import Any

from annotation.models import Batch
from annotation.protocols.compare import ComparePayload
from annotation.protocols.excerpt import Excerpt
from annotation.protocols.options import Option
from annotation.services.batches import batch_create, batch_open


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


TEXTS = (
    "fish that live in fresh water",
    "words for ways to travel by water",
    "verbs of movement in the past tense",
    "the word after an article",
    "rivers, lakes and what is found in them",
)


def item_of(protocol: str, number: int = 0, **changes: Any) -> dict[str, Any]:
    """Return a payload of a protocol; further fields replace its own or are added."""
    return {"version": 1, **_PARTS[protocol](number), **changes}


def _keys(number: int, count: int) -> list[str]:
    draw = random.Random(f"keys {number} {count}")  # noqa: S311
    return sorted(f"{key:08x}" for key in draw.sample(range(16**8), count))


def texts(number: int, count: int) -> list[dict[str, Any]]:
    """Return options that are explanations, dealt to random keys."""
    drawn = random.Random(f"texts {number}").sample(TEXTS, count)  # noqa: S311
    pairs = zip(_keys(number, count), drawn, strict=True)
    return [{"key": key, "text": text} for key, text in pairs]


def showing(number: int, *shown: dict[str, Any]) -> list[dict[str, Any]]:
    """Return options that show stimuli."""
    pairs = zip(_keys(number, len(shown)), shown, strict=True)
    return [{"key": key, "shown": each} for key, each in pairs]


def image(name: str = "0" * 16, **changes: Any) -> dict[str, Any]:
    """Return an image, as a payload names one."""
    size = {"width": 320, "height": 240}
    return {"kind": "image", "name": f"{name}.png", **size, "alternative": "a trout", **changes}


def plain(text: str) -> dict[str, Any]:
    """Return a text without marks."""
    return {"kind": "text", "text": text}


def intervention() -> dict[str, Any]:
    """Return what a model predicted before and after a unit was clamped."""
    shares = [("river", 0.412, 0.03), ("lake", 0.2, 0.11), ("road", 0.004, 0.38)]
    return {
        "kind": "intervention",
        "text": "The trout swam up the",
        "shares": [{"token": t, "before": before, "after": after} for t, before, after in shares],
    }


def likert(key: str = "clear", name: str = "Is it clear?") -> dict[str, Any]:
    """Return a dimension of five points."""
    labels = ["Not at all", "A little", "Somewhat", "Mostly", "Fully"]
    points = [{"value": n + 1, "label": label} for n, label in enumerate(labels)]
    return {"key": key, "name": name, "kind": "likert", "points": points}


RUBRIC = [
    likert(),
    {
        "key": "one_idea",
        "name": "Does it name a single idea?",
        "kind": "binary",
        "points": [{"value": 0, "label": "No"}, {"value": 1, "label": "Yes"}],
    },
    {
        "key": "covers",
        "name": "How much of what is marked does it cover?",
        "kind": "slider",
        "points": [{"value": 0, "label": "nothing"}, {"value": 100, "label": "all"}],
        "hint": "The more strongly a word is marked, the more it counts.",
    },
]
_SHOWN = [excerpt().to_json(), excerpt("salmon").to_json()]
_PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "compare": compare_item,
    "rank": lambda n: {"excerpts": _SHOWN, "options": texts(n, 4), "mode": "order"},
    "rate": lambda n: {"excerpts": _SHOWN, "options": texts(n, 1), "dimensions": RUBRIC},
    "choose": lambda n: {"excerpts": _SHOWN, "options": texts(n, 5)},
    "mark": lambda n: {
        "explanation": TEXTS[0],
        "options": showing(
            n,
            plain("A pike waits among the reeds of the lake."),
            plain("The train left the station at noon."),
            plain("Carp grow slowly in cold ponds."),
            plain("She signed the lease in March."),
        ),
    },
    "simulate": lambda n: {
        "explanation": TEXTS[0],
        "texts": [list(excerpt().tokens), ["A", " pi", "ke", " waits", "\n", "Rain", "."]],
    },
    "write": lambda n: {"excerpts": _SHOWN, "shortest": 10, "longest": 200, "probe": False},
}


def draft_batch(
    *,
    items: int = 6,
    overlap: int = 2,
    payloads: list[dict[str, Any]] | None = None,
    **options: Any,
) -> Batch:
    """Return a draft batch, of comparisons if no protocol is named.

    Further options go to `batch_create`.
    """
    protocol = options.pop("protocol", "compare")
    payloads = payloads or [item_of(protocol, number) for number in range(items)]
    settings: dict[str, Any] = {
        "title": "What makes this unit respond?",
        "protocol": protocol,
        "consent": "Your answers are stored without your name.",
        "instructions": "Choose the description that fits the excerpts better.",
        "items_per_rater": len(payloads),
        **options,
    }
    return batch_create(items=[(payload, overlap) for payload in payloads], **settings)


def open_batch(**options: Any) -> Batch:
    """Return an open batch; see `draft_batch`."""
    batch = draft_batch(**options)
    batch_open(batch=batch)
    return batch
