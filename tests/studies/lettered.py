"""A subject that was captured: three neurons over letters, in a store of a few pages."""

from pathlib import Path
from typing import Any

from explanations.models import Capture, Corpus, Subject
from explanations.records import Split

TEXTS = [
    "a fish swims in the sea",
    "an owl sits in a tree",
    "every island is alone",
    "rhythm",
    "oil and iron and air",
    "who are you",
    "under an umbrella",
]


def captured_subject(directory: Path, **values: Any) -> Subject:
    """Make a subject of one layer: L0/0 fires on vowels, L0/1 never, L0/2 later in a text."""
    from tests.explanations.test_capture import captured

    splits = [Split.EXPLAIN, Split.SCORE, Split.SELECT]
    documents = [
        (f"{text.split()[0]}-{number}", splits[number % 3], text)
        for number, text in enumerate(TEXTS * 4)
    ]
    store = captured(directory, documents)
    subject = Subject.objects.create(
        **{
            "name": "letters",
            "source": "test",
            "layers": 1,
            "width": 3,
            "audience": "everyone",
            **values,
        }
    )
    Capture.objects.create(
        subject=subject,
        corpus=Corpus.objects.create(name="short texts", digest=str(directory)[-64:], seed=1),
        text_path="",
        directory=str(store.directory),
        window=8,
        tokens=store.manifest.tokens,
        seconds=1.0,
    )
    return subject
