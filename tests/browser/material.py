"""Questions that look like real ones: the demo's passages with invented activations."""

import json
import random
import re
from functools import cache
from typing import Any

from annotation.models import Batch
from annotation.protocols.excerpt import Excerpt
from annotation.services.batches import batch_create, batch_open
from tests.annotation.factories import comparison
from tests.conftest import ROOT

STRENGTHS = {
    "sue": 9.4,
    "sued": 9.2,
    "lawyer": 8.5,
    "verdict": 8.1,
    "solicitor": 7.7,
    "jury": 7.3,
    "court": 7.1,
    "ruled": 6.6,
    "judge": 6.3,
    "arrested": 6.2,
    "witness": 5.9,
    "appeal": 5.5,
    "contract": 4.6,
    "claim": 3.8,
    "lease": 2.9,
    "tenant": 1.5,
    "landlord": 1.2,
}
TEXTS = [
    (
        "suing and lawyers: words for taking somebody to court, and the people who do it",
        'the words "sue", "solicitor", "court", "judge", "ruled", "appeal", "claim", "witness"',
    ),
    (
        "the law",
        "verbs that report what somebody decided or announced, in the past tense, often near the "
        "end of a clause and followed by a reason or a day of the week",
    ),
]
CONSENT = (
    "You will read short texts with words highlighted, and say which of two descriptions fits "
    "them better.\n\nYour answers and the time you take are stored without your name."
)
INSTRUCTIONS = (
    "Each page shows a few excerpts. The stronger the mark on a word, the more strongly one unit "
    "of a language model responded to it.\n\nBelow them are two descriptions. Choose the one that "
    "fits better; if neither is better, choose the tie."
)


def realistic_batch(*, items: int = 10, overlap: int = 2, **options: Any) -> Batch:
    """Return an open batch of comparisons with six excerpts each."""
    batch = batch_create(
        title="What makes a unit of a language model respond?",
        protocol="compare",
        consent=CONSENT,
        instructions=INSTRUCTIONS,
        items=[(_item(number), overlap) for number in range(items)],
        **{"items_per_rater": items, **options},
    )
    batch_open(batch=batch)
    return batch


def excerpts_about_law(count: int) -> list[dict[str, Any]]:
    """Return the first excerpts of a realistic question."""
    excerpts: list[dict[str, Any]] = _item(0)["excerpts"]
    return excerpts[:count]


def _item(number: int) -> dict[str, Any]:
    draw = random.Random(number)  # noqa: S311
    passages = _passages()
    law = [passage for passage in passages if passage["topic"] == "law"]
    texts = [passage["text"] for passage in (*draw.sample(law, 5), draw.choice(passages))]
    payload = comparison(
        excerpts=tuple(_excerpt(text, draw) for text in texts),
        texts=TEXTS[number % 2],
        seed=f"question {number}",
    )
    return payload.to_json()


@cache
def _passages() -> list[dict[str, str]]:
    lines = (ROOT / "studies" / "demo" / "passages.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def _excerpt(text: str, draw: random.Random) -> Excerpt:
    tokens = re.findall(r"\s?\w{1,8}|\s?[^\w\s]", text)[:64]
    values = [STRENGTHS.get(token.strip().lower(), 0) * draw.uniform(0.8, 1) for token in tokens]
    return Excerpt(
        tokens=tuple(tokens),
        values=tuple(values),
        levels=tuple(min(10, int(10 * value / 9)) for value in values),
    )
