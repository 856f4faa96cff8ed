"""Zips of small drawings with a manifest: no picture of anybody's is needed."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from PIL import Image, ImageDraw


def drawing(seed: int, *, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Draw a disc somewhere, in some colour; no two seeds alike."""
    draw = Random(seed)  # noqa: S311
    colour = tuple(draw.randrange(256) for _ in range(3))
    image = Image.new("RGB", size, (40, seed % 256, seed // 256))
    x, y = draw.randrange(size[0]), draw.randrange(size[1])
    ImageDraw.Draw(image).ellipse((x - 12, y - 12, x + 12, y + 12), fill=colour)
    return image


def written(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    """Return an image as a file's bytes."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def row(number: int, **changes: Any) -> dict[str, Any]:
    """Return a row of a manifest about the image `number`.png."""
    return {
        "file": f"{number}.png",
        "neuron": "3/7",
        "split": "explain",
        "kind": "top",
        "activation": 5.0 + number,
        "alternative": f"a disc, number {number}",
        **changes,
    }


def zipped(
    place: Path, rows: Iterable[Mapping[str, Any]], files: Mapping[str, bytes] | None = None
) -> Path:
    """Write a zip with these rows; without `files`, with a drawing for each that they name."""
    rows = list(rows)
    if files is None:
        files = {each["file"]: written(drawing(hash_of(each["file"]))) for each in rows}
    with zipfile.ZipFile(place, "w") as zip_file:
        zip_file.writestr("manifest.jsonl", "\n".join(map(json.dumps, rows)))
        for name, content in files.items():
            zip_file.writestr(name, content)
    return place


def hash_of(name: str) -> int:
    """Return a number for a name, the same in every process."""
    return sum(ord(letter) * 31**at for at, letter in enumerate(name)) % 65_536


def rows_for(neuron: str, first: int, *, n: int = 4) -> list[dict[str, Any]]:
    """Return loud and quiet rows of a neuron in both splits, on images from number `first` on."""
    found = []
    for split in ("explain", "score"):
        for i in range(n):
            at = first + len(found)
            found.append(row(at, neuron=neuron, split=split, activation=9.0 - i / 2))
            at += 1
            low = {"kind": "bottom", "activation": -0.5 - i}
            found.append(row(at, neuron=neuron, split=split, **low))
    return found


def scene(seed: int, *, striped: bool, side: int = 224) -> Image.Image:
    """Draw stripes, or spots, in colours of their own, as a unit might tell them apart."""
    draw = Random(seed)  # noqa: S311
    ground, ink = (tuple(draw.randrange(256) for _ in range(3)) for _ in range(2))
    image = Image.new("RGB", (side, side), ground)
    pen = ImageDraw.Draw(image)
    if striped:
        step, lean = draw.randrange(14, 40), draw.randrange(-60, 60)
        for x in range(-side, 2 * side, step):
            pen.line((x, 0, x + lean, side), fill=ink, width=step // 2)
    else:
        for _ in range(draw.randrange(4, 12)):
            x, y, r = draw.randrange(side), draw.randrange(side), draw.randrange(8, 40)
            pen.ellipse((x - r, y - r, x + r, y + r), fill=ink)
    return image.rotate(draw.randrange(360), fillcolor=ground)


def zip_of_scenes(place: Path, *, neurons: int = 2, n: int = 5) -> Path:
    """Write a zip of neurons that respond to stripes, not to spots; one of each is held out."""
    rows = [each for i in range(neurons) for each in rows_for(f"0/{i}", 100 * i, n=n)[: 2 * n + 2]]
    files = {}
    for number, each in enumerate(rows):
        striped = each["kind"] == "top"
        each["alternative"] = f"{'stripes' if striped else 'spots'}, number {number}"
        files[each["file"]] = written(scene(number, striped=striped))
    return zipped(place, rows, files)
