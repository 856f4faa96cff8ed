"""A subject that was captured: three neurons over letters, in a store of a few pages."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explanations.models import Capture, Corpus, Subject
from explanations.records import Split
from explanations.stores.relations import Header, Lists, write_related

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
    pytest.importorskip("torch", reason="the `models` extra is not installed")
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


def relate(directory: Path) -> None:
    """Write relatives into a captured subject's store: no neuron reads or writes another."""
    none = "one layer has nothing before or after it"
    header = Header(
        layers=1,
        width=3,
        keep=2,
        undefined={"upstream": none, "downstream": none, "tokens_out": "nothing is predicted"},
    )
    # Neurons 0 and 2 are alike, 1 is like nothing; token 1 excites all, most of all neuron 0.
    alike = Lists(
        ids=np.array([[2, -1], [-1, -1], [0, -1]], np.int32),
        values=np.array([[0.75, 0], [0, 0], [0.75, 0]], np.float32),
    )
    tokens = Lists(
        ids=np.array([[1, 0]] * 3, np.int32), values=np.array([[0.9, -0.2]] * 3, np.float32)
    )
    lists = {"similar_weights": alike, "similar_activation": alike, "tokens_in": tokens}
    write_related(directory / "store", header, lists, ["x", " fish"])
