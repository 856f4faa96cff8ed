"""Small results as delphi leaves them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

CONTEXT = 96


def tokenizer_in(folder: Path) -> Path:
    """Write a tokenizer.json with a thousand words and every byte."""
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    vocabulary = {letter: number for number, letter in enumerate(sorted(alphabet))}
    for number in range(1000):
        vocabulary[f"Ġw{number}"] = len(vocabulary)
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    path = folder / "tokenizer.json"
    made.save(str(path))
    return path


def words(contexts: int) -> NDArray[np.int64]:
    """Return contexts of words drawn at random."""
    return np.random.default_rng(1).integers(256, 1256, (contexts, CONTEXT))


def cache(
    folder: Path,
    tokens: NDArray[np.int64],
    fired: dict[int, list[tuple[int, int, float]]],
    *,
    name: str = "0_99",
    changes: dict[str, NDArray[Any] | None] | None = None,
) -> Path:
    """Write where latents fire, (context, position, activation), in delphi's order."""
    cells = sorted(
        (row, position, latent, value)
        for latent, where in fired.items()
        for row, position, value in where
    )
    arrays = {
        "locations": np.array([cell[:3] for cell in cells], np.uint16).reshape(-1, 3),
        "activations": np.array([cell[3] for cell in cells], np.float16),
        "tokens": tokens,
        **(changes or {}),
    }
    place = folder / "latents" / "layers.5.mlp"
    place.mkdir(parents=True, exist_ok=True)
    save_file(
        {key: array for key, array in arrays.items() if array is not None},
        place / f"{name}.safetensors",
    )
    (place / "config.json").write_text(json.dumps({"model_name": "my/model"}))
    return folder


def say(folder: Path, kind: str, latent: int, value: Any, hookpoint: str = "layers.5.mlp") -> None:
    """Write what is said about a latent, or a scorer's examples."""
    (folder / kind).mkdir(parents=True, exist_ok=True)
    text = value if isinstance(value, str) and value.startswith("{") else json.dumps(value)
    (folder / kind / f"{hookpoint}_latent{latent}.txt").write_text(text)


def spread(seed: int, contexts: int, count: int) -> list[tuple[int, int, float]]:
    """Return so many places in the contexts, each once, with activations."""
    rng = np.random.default_rng(seed)
    cells = rng.choice(contexts * CONTEXT, count, replace=False).tolist()
    values = rng.exponential(2.0, count).astype(np.float16).tolist()
    return [(*divmod(cell, CONTEXT), value) for cell, value in zip(cells, values, strict=True)]


def examples() -> list[dict[str, Any]]:
    """Return six examples of which one was not answered: 2 of 3 and 1 of 2 are right."""
    said = [(True, True), (True, True), (True, False), (False, False), (False, True), (True, None)]
    return [
        {"str_tokens": ["x"], "activating": fires, "prediction": prediction, "probability": None}
        for fires, prediction in said
    ]


def similarities() -> list[dict[str, Any]]:
    """Return examples of which the firing ones are nearer in 3 of 4 pairs."""
    return [
        {"text": "x", "distance": 1, "activating": fires, "similarity": near}
        for fires, near in ((True, 0.9), (True, 0.4), (False, 0.5), (False, 0.1))
    ]
