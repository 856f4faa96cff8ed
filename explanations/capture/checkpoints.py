"""Checkpoints: a pass on disk, so that one that was killed resumes where it was."""

import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from explanations.capture.state import CaptureState, Extent, PackedWindow
from explanations.capture.vocabulary import Vocabulary
from explanations.records import Split
from explanations.stores.layout import (
    STATE,
    WINDOWS,
    WindowTable,
    layer_file,
    read_arrays,
    write_arrays,
)
from explanations.stores.reader import CaptureConfig, StoreError, SubjectIdentity


def save_state(state: CaptureState, folder: Path, *, about: dict[str, Any]) -> None:
    """Write a pass into a folder, in place of what was there. `about` is JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    older = _found(folder)
    number = int(older[-1].name) + 1 if older else 1
    appears(folder / f"{number:08d}", lambda partial: _write(state, partial, about))
    for path in older:
        shutil.rmtree(path, ignore_errors=True)


def load_state(folder: Path, device: torch.device) -> tuple[CaptureState, dict[str, Any]] | None:
    """Return the pass that a folder holds, and what was said about it; None where it has none."""
    found = _found(folder)
    if not found:
        return None
    try:
        return _read(found[-1], device)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{found[-1]} cannot be read ({error}): remove it") from error


def appears(place: Path, write: Callable[[Path], None]) -> None:
    """Write a folder beside its place, and move it there when it is complete."""
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    try:
        write(partial)
        partial.chmod(0o755)
        partial.rename(place)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _found(folder: Path) -> list[Path]:
    """Return the complete checkpoints in a folder, the newest last, or one that it is itself."""
    if (folder / STATE).is_file():
        return [folder]
    return sorted(path for path in folder.glob("[0-9]*") if path.is_dir())


def _write(state: CaptureState, folder: Path, about: dict[str, Any]) -> None:
    state.purge(at_once=True)
    numbers = sorted(state.windows)
    samples = {
        f"{split}.sample.{name}": array
        for split, sample in state.samples.items()
        for name, array in (("hashes", sample.hashes), ("ids", sample.ids))
    }
    table = WindowTable.pack(state.windows[number].window for number in numbers)
    shared = {"numbers": np.array(numbers, np.int64), "word_counts": state.word_counts}
    write_arrays(folder / WINDOWS, table | samples | shared | state.vocabulary.arrays())
    for number, layer in enumerate(state.layers):
        write_arrays(folder / layer_file(number), layer.arrays())
    described = {
        "subject": asdict(state.subject),
        "config": asdict(state.config),
        "seed": state.seed,
        "seen": state.seen,
        "extent": asdict(state.extent),
        "about": about,
    }
    (folder / STATE).write_text(json.dumps(described), encoding="utf-8")


def _read(folder: Path, device: torch.device) -> tuple[CaptureState, dict[str, Any]]:
    said = json.loads((folder / STATE).read_text(encoding="utf-8"))
    shared = read_arrays(folder / WINDOWS)
    state = CaptureState(
        SubjectIdentity(**said["subject"]),
        said["seed"],
        CaptureConfig.of(said["config"]),
        Vocabulary.restored(shared),
        device,
    )
    state.extent, state.seen = Extent(**said["extent"]), said["seen"]
    state.word_counts = shared["word_counts"].copy()
    held = map(PackedWindow.of, WindowTable(shared))
    state.windows = dict(zip(shared["numbers"].tolist(), held, strict=True))
    for split in Split:
        state.samples[split].hashes = shared[f"{split}.sample.hashes"].copy()
        state.samples[split].ids = shared[f"{split}.sample.ids"].copy()
    for number, layer in enumerate(state.layers):
        layer.restore(read_arrays(folder / layer_file(number)))
    state.purge(at_once=True)
    return state, said["about"]
