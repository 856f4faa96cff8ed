"""Read an untrusted image file and return its pixels alone, as a new WebP file."""

import hashlib
import io
import struct
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageCms

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
SUFFIX = ".webp"
MAX_PIXELS = 40_000_000
MAX_SIDE = 12_000
KEPT_SIDE = 1_600
"""The longer side, in pixels, that an image is brought to where it is above."""
THUMBNAIL_SIDE = 320
THUMBNAIL_BYTES = 20_000

_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
# What Pillow raises over files that were damaged, or made to do damage.
_DAMAGED = (
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, AttributeError),
    *(struct.error, MemoryError),
)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LOSSY = ("JPEG", "MPO")
_QUALITY = 92
_TRIES = [(side, quality) for side in (THUMBNAIL_SIDE, 240, 160) for quality in (80, 65, 50, 35)]


class PixelsRefused(ValueError):
    """An image that can't be shown; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image as WebP, its thumbnail, its size in pixels, and a name made of its pixels.

    Neither holds a date, a place, a camera, a program, a comment or a colour profile.
    """

    digest: str
    width: int
    height: int
    content: bytes
    thumbnail: bytes


def picture(data: bytes) -> Picture:
    """Decode a PNG, JPEG, WebP or still GIF and encode its pixels as a new file.

    Turned as its metadata say, in sRGB, on white where it is transparent, and at most `KEPT_SIDE`
    on its longer side. What lost nothing before loses nothing here; JPEG is written at quality 92.
    The thumbnail has at most `THUMBNAIL_BYTES`. `PixelsRefused` for anything else.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            _check(opened)
            lossy = opened.format in _LOSSY
            shown = _shown(opened)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PixelsRefused(f"has more than {MAX_PIXELS:,} pixels") from error
    except _DAMAGED as error:
        if isinstance(error, PixelsRefused):
            raise
        raise PixelsRefused("is no PNG, JPEG, WebP or GIF that can be decoded") from error
    return Picture(
        digest=_digest(shown),
        width=shown.width,
        height=shown.height,
        content=_written(shown, quality=_QUALITY, lossless=not lossy),
        thumbnail=_thumbnail(shown),
    )


def _check(opened: Image.Image) -> None:
    """Refuse by what the header says, before a pixel is decoded."""
    width, height = opened.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise PixelsRefused(
            f"has {width:,} by {height:,} pixels: at most {MAX_PIXELS:,} are read, and "
            f"{MAX_SIDE:,} on a side"
        )
    # A camera's JPEG may hold a second one, which is no later moment.
    if opened.format not in _LOSSY and getattr(opened, "n_frames", 1) > 1:
        raise PixelsRefused("moves: only still images are shown")
    if opened.mode not in _MODES:
        raise PixelsRefused(f"has pixels of the kind {opened.mode}: write it with 8 bits a channel")


def _shown(opened: Image.Image) -> Image.Image:
    """Return the pixels as a browser would show them on white, as RGB."""
    profile = opened.info.get("icc_profile")
    flat = _in_srgb(_on_white(_turned(opened)), profile)
    if max(flat.size) > KEPT_SIDE:
        flat.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
    flat.info = {}
    return flat


def _turned(image: Image.Image) -> Image.Image:
    """Rotate it as its metadata say; leave it unchanged if they can't be read."""
    try:
        turn = _TURNS.get(image.getexif().get(ExifTags.Base.Orientation, 1))
    except _DAMAGED:
        turn = None
    return image if turn is None else image.transpose(turn)


def _on_white(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.copy() if image.mode in ("RGB", "CMYK") else image.convert("RGB")
    layers = image.convert("RGBA")
    ground = Image.new("RGBA", layers.size, "white")
    return Image.alpha_composite(ground, layers).convert("RGB")


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Bring colours to sRGB, where a profile that fits the pixels says what they were."""
    if profile:
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            brought = ImageCms.profileToProfile(
                image, given, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            brought = None
        if brought is not None:
            return brought
    return image if image.mode == "RGB" else image.convert("RGB")


def _digest(image: Image.Image) -> str:
    """Return a hash of the pixels, the same for any file that holds them."""
    found = hashlib.sha256(f"{image.width}x{image.height}:".encode())
    found.update(image.tobytes())
    return found.hexdigest()[:32]


def _thumbnail(image: Image.Image) -> bytes:
    """Return a thumbnail: the first size and quality within the limit, or else the smallest."""
    content = b""
    for side, quality in _TRIES:
        small = image.copy()
        small.thumbnail((side, side), Image.Resampling.LANCZOS)
        content = _written(small, quality=quality, lossless=False)
        if len(content) <= THUMBNAIL_BYTES:
            break
    return content


def _written(image: Image.Image, *, quality: int, lossless: bool) -> bytes:
    file = io.BytesIO()
    image.save(file, "WEBP", quality=quality, lossless=lossless)
    return file.getvalue()
