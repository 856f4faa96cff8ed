"""Read the files of SAEs and directions; errors name the file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from explanations.subjects.base import SubjectError, enough_memory


def settings(path: Path) -> dict[str, Any]:
    """Read a JSON object; `SubjectError` where the file holds none."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SubjectError(f"there is no file {path}") from error
    except ValueError as error:
        raise SubjectError(f"{path} is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise SubjectError(f"{path} holds no settings: it must be a JSON object")
    return read


def weights(path: Path, device: torch.device) -> dict[str, torch.Tensor]:
    """Read all arrays of a safetensors file onto a device as float32."""
    try:
        with enough_memory(f"read {path}", "use a machine with more, or a smaller file"):
            arrays = load_file(path, device=str(device))
            return {name: array.float() for name, array in arrays.items()}
    except FileNotFoundError as error:
        raise SubjectError(f"there is no file {path}") from error
    except SafetensorError as error:
        raise SubjectError(
            f"{path} is broken or cut off: get the file again. The library says: {error}"
        ) from error


def expect(
    path: Path, arrays: Mapping[str, torch.Tensor], shapes: Mapping[str, tuple[int, ...]]
) -> None:
    """Raise `SubjectError` where an array is missing or of another shape than expected."""
    for name, shape in shapes.items():
        if name not in arrays:
            raise SubjectError(f"{path} holds no {name}: it has {', '.join(sorted(arrays))}")
        found = tuple(arrays[name].shape)
        if found != shape:
            raise SubjectError(f"{name} in {path} is of shape {found}, not {shape}")
