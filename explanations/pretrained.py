"""Models that come in Python packages, and their loading without noise. Loads no library itself."""

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def package_folder(package: str) -> Path | None:
    """Find the folder `model` of an installed package without importing the package."""
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    places = (spec and spec.submodule_search_locations) or ()
    return next((folder for place in places if (folder := Path(place) / "model").is_dir()), None)


@contextmanager
def silenced(voice: Any) -> Iterator[None]:
    """Keep a library from drawing bars and reporting on what it loads; then let it again.

    `voice` is `transformers.utils.logging`, whose functions are not annotated.
    """
    level, bars = voice.get_verbosity(), voice.is_progress_bar_enabled()
    voice.set_verbosity_error()
    voice.disable_progress_bar()
    try:
        yield
    finally:
        voice.set_verbosity(level)
        if bars:
            voice.enable_progress_bar()
