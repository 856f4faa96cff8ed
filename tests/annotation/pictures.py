"""Small images of blobs, made here: no picture of anybody's is needed."""

import struct
import zlib
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

SIZE = (240, 320)


def stored_image(folder: Path, seed: int, alternative: str) -> dict[str, Any]:
    """Store an image under the hash of its bytes; return it as a payload names it."""
    content = _png(_blobs(Random(seed)))  # noqa: S311
    name = f"{sha256(content).hexdigest()[:32]}.png"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    height, width = SIZE
    size = {"width": width, "height": height}
    return {"kind": "image", "name": name, **size, "alternative": alternative}


def _blobs(draw: Random) -> np.ndarray:
    """Return an RGB image, uint8 of shape (height, width, 3)."""
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    image = np.full((*SIZE, 3), 40.0)
    for _ in range(5):
        y, x = draw.uniform(0, SIZE[0]), draw.uniform(0, SIZE[1])
        near = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / draw.uniform(500, 6000))
        image += near[..., None] * np.array([draw.uniform(0, 200) for _ in range(3)])
    return np.clip(image, 0, 255).astype(np.uint8)


def _png(image: np.ndarray) -> bytes:
    height, width, _ = image.shape
    lines = b"".join(b"\0" + row.tobytes() for row in image)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
