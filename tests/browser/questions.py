"""One realistic question of each protocol, and of what differs within one."""

import json
import random
from pathlib import Path
from typing import Any

from annotation.models import Batch
from annotation.services.batches import batch_create, batch_open
from tests.annotation.factories import RUBRIC, intervention, item_of, likert, plain, showing, texts
from tests.annotation.pictures import stored_image
from tests.browser.material import CONSENT, INSTRUCTIONS, TEXTS, excerpts_about_law
from tests.conftest import ROOT

EVERYTHING = {"confidence": True, "reason": "optional", "cannot_tell": True}
ALTERNATIVES = ("a round light", "two lights, one low", "a wide glow", "a corner of light")


def question(name: str, images: Path) -> dict[str, Any]:
    """Return a payload by the name of its case; images are stored in the folder."""
    protocol, _, case = name.partition("-")
    excerpts = excerpts_about_law(4)
    changes: dict[str, Any] = {"excerpts": excerpts}
    if name == "compare-full":
        changes |= {"strength": True, "both_bad": True, "asks": EVERYTHING}
    elif protocol == "rank":
        options = _described(4)
        changes |= {"options": options, "mode": "best_worst" if case else "order"}
    elif name == "rate":
        changes |= {"asks": {"reason": "optional"}, **_predicted(excerpts, texts(1, 1))}
    elif name == "rate-several":
        dimensions = [likert(), likert("whole", "Does it say all there is?"), RUBRIC[1]]
        changes |= {"options": texts(2, 3), "dimensions": dimensions}
    elif protocol == "choose":
        changes = _choice(case, excerpts, images)
    elif protocol == "mark":
        passages = [plain(text) for text in _passages(6)]
        changes = {"options": showing(3, *passages), "explanation": TEXTS[0][0]}
    elif protocol == "simulate":
        rows = [excerpt["tokens"] for excerpt in excerpts[:3]]
        changes = {"texts": rows, "explanation": TEXTS[0][0]}
    elif name == "write-probe":
        changes |= {"probe": True}
    return item_of(protocol, 0, **changes)


def _described(count: int) -> list[dict[str, Any]]:
    described = [text for pair in TEXTS for text in pair]
    options = texts(4, count)
    return [
        {**option, "text": text} for option, text in zip(options, described[:count], strict=True)
    ]


def _predicted(excerpts: list[dict[str, Any]], options: list[dict[str, Any]]) -> dict[str, Any]:
    draw = random.Random(1)  # noqa: S311
    shown = [
        {
            **excerpt,
            "simulated": [
                {
                    "key": options[0]["key"],
                    "levels": [max(0, level - draw.choice([0, 3])) for level in excerpt["levels"]],
                }
            ],
        }
        for excerpt in excerpts[:2]
    ]
    return {"excerpts": [*shown, *excerpts[2:]], "options": options}


def _choice(case: str, excerpts: list[dict[str, Any]], images: Path) -> dict[str, Any]:
    if case == "images":
        stored = [stored_image(images, seed, each) for seed, each in enumerate(ALTERNATIVES)]
        return {
            "excerpts": [],
            "groups": [
                {"heading": "These make the unit respond most", "excerpts": stored[:2]},
                {"heading": "These make it respond least", "excerpts": stored[2:]},
            ],
            "options": showing(
                5,
                stored_image(images, 7, "a light to the left"),
                stored_image(images, 8, "a light above"),
            ),
            "question": "Which of these two makes it respond more?",
            "asks": {"confidence": True},
        }
    if case == "odd":
        return {
            "excerpts": [],
            "options": showing(6, *excerpts),
            "question": "Which is the odd one out?",
        }
    if case == "intervention":
        return {
            "excerpts": [intervention()],
            "options": texts(7, 3),
            "question": "Which description predicts the change?",
            "asks": {"cannot_tell": True},
        }
    return {"excerpts": excerpts, "options": texts(8, 5)}


def _passages(count: int) -> list[str]:
    lines = (ROOT / "studies" / "demo" / "passages.jsonl").read_text().splitlines()
    drawn = random.Random(9).sample(lines, count)  # noqa: S311
    return [json.loads(line)["text"] for line in drawn]


def batch_of(name: str, images: Path) -> Batch:
    """Return an open batch with the same question twice."""
    payload = question(name, images)
    batch = batch_create(
        title="What makes a unit of a language model respond?",
        protocol=name.partition("-")[0],
        consent=CONSENT,
        instructions=INSTRUCTIONS,
        items=[(payload, 2)] * 2,
        items_per_rater=2,
    )
    batch_open(batch=batch)
    return batch
