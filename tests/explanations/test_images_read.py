"""What is read of a zip of images, and everything that is refused about one."""

import io
import json
import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageCms, ImageOps

from explanations.formats.images import archive as archives
from explanations.formats.images.archive import FileRefused, open_archive
from explanations.formats.images.manifest import read_manifest
from explanations.formats.images.pixels import PixelsRefused, picture
from explanations.formats.lines import FormatError
from explanations.records import NeuronRef, RecordKind, Split
from tests.pictured import drawing, row, written, zipped

# --- The manifest ---------------------------------------------------------------------------------


def test_a_row_says_neuron_split_kind_activation_and_words() -> None:
    given = row(1, neuron="L3/120", kind="bottom", activation=-1.5, source="here", licence="CC0")
    manifest = read_manifest("manifest.jsonl", json.dumps(given).encode())
    [found] = manifest.rows
    assert (found.file, found.line) == ("1.png", 1)
    assert found.neuron == NeuronRef(layer=3, index=120)
    assert (found.split, found.kind) == (Split.EXPLAIN, RecordKind.BOTTOM)
    assert (found.activation, found.source, found.licence) == (-1.5, "here", "CC0")


def test_comma_separated_values_say_the_same() -> None:
    text = (
        "file,neuron,split,kind,activation,alternative,source\n"
        '1.png,3/7,explain,top,6,"a disc, number 1",\n'
    )
    [one] = read_manifest("manifest.csv", text.encode("utf-8-sig")).rows
    [other] = read_manifest("manifest.jsonl", f"\n{json.dumps(row(1))}".encode()).rows
    assert one == other


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"alternative": " "}, "manifest.jsonl, line 1, 1.png, alternative: is empty"),
        ({"alternative": None}, "alternative: expected a text, not null"),
        ({"neuron": "conv5"}, "neuron: expected layer/index, like 3/120, not 'conv5'"),
        ({"neuron": "3/99999999999"}, "neuron: expected layer/index"),
        ({"split": "train"}, "split: should be 'explain', 'select' or 'score', not 'train'"),
        ({"kind": "quantile"}, "kind: expected one of top, random, bottom for an image"),
        ({"activation": "high"}, "activation: expected a number, not a text"),
        ({"activation": float("nan")}, "activation: should be a finite number"),
        ({"label": "fish"}, "label: there is no such field"),
    ],
)
def test_a_fault_names_line_file_and_field(changes: dict[str, Any], said: str) -> None:
    manifest = read_manifest("manifest.jsonl", json.dumps(row(1, **changes)).encode())
    assert not manifest.rows
    assert said in str(manifest.faults[0])


def test_each_row_that_is_wrong_is_named_and_the_others_are_read() -> None:
    lines = [json.dumps(row(1)), "{", "[]", json.dumps(row(2)), "{}"]
    manifest = read_manifest("manifest.jsonl", "\n".join(lines).encode())
    assert [found.line for found in manifest.rows] == [1, 4]
    assert [fault.location.line for fault in manifest.faults] == [2, 3, 5, 5, 5, 5, 5, 5]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("manifest.jsonl", b"\n", "holds no row"),
        ("manifest.jsonl", b"\xff\xfe", "not UTF-8"),
        ("manifest.csv", b'file\n"1.png', "unexpected end of data"),
    ],
)
def test_a_manifest_that_is_none_is_refused(name: str, content: bytes, said: str) -> None:
    with pytest.raises(FormatError, match=said):
        read_manifest(name, content)


def test_a_value_too_many_in_a_line_is_named() -> None:
    manifest = read_manifest("manifest.csv", b"file,kind\n1.png,top,3\n")
    assert "line 2: has more fields" in str(manifest.faults[0])


# --- The zip --------------------------------------------------------------------------------------


def test_files_lie_beside_the_manifest_wherever_it_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        for name in ("set/manifest.csv", "set/high/1.png", "__MACOSX/set/._1.png", "set/"):
            made.writestr(name, name)
    with open_archive(tmp_path / "a.zip") as found:
        assert list(found.files) == ["high/1.png"]
        assert found.read("high/1.png") == b"set/high/1.png"
        with pytest.raises(FileRefused, match="no such file"):
            found.read("2.png")


@pytest.mark.parametrize("name", ["../1.png", "/etc/1.png", "a/../../1.png", "a\\..\\1.png"])
def test_a_name_that_leads_out_of_the_zip_is_refused(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "a.zip", [row(1)], {name: b"x"})
    with pytest.raises(FormatError, match="leads out"), open_archive(path):
        pass


def test_a_zip_that_is_none_or_has_no_manifest_or_two_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(b"no zip")
    with pytest.raises(FormatError, match="no zip that can be read"), open_archive(path):
        pass
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("1.png", b"")
    with pytest.raises(FormatError, match="this has none"), open_archive(path):
        pass
    zipped(path, [row(1)], {"b/manifest.csv": b""})
    with pytest.raises(FormatError, match="this has several"), open_archive(path):
        pass


def test_a_file_that_is_packed_a_thousandfold_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("manifest.jsonl", b"")
        made.writestr("1.png", bytes(4 * 2**20))
    with (
        open_archive(tmp_path / "a.zip") as found,
        pytest.raises(FileRefused, match="packed more than 100-fold"),
    ):
        found.read("1.png")


def test_limits_on_files_bytes_and_all_together_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "a.zip", [row(1), row(2)])
    for name, limit, said in (("MAX_FILES", 2, "holds 3 files"), ("MAX_TOTAL", 9, "unpacks to")):
        with monkeypatch.context() as here:
            here.setattr(archives, name, limit)
            with pytest.raises(FormatError, match=said), open_archive(path):
                pass
    monkeypatch.setattr(archives, "MAX_IMAGE", 9)
    with open_archive(path) as found, pytest.raises(FileRefused, match="has more than"):
        found.read("1.png")


def test_a_damaged_file_is_named_as_such(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", [row(1)], {"1.png": b"abcdefgh" * 9})
    path.write_bytes(path.read_bytes().replace(b"abcdefgh", b"abcdefgX", 1))
    with open_archive(path) as found, pytest.raises(FileRefused, match="is damaged"):
        found.read("1.png")


# --- The pixels -----------------------------------------------------------------------------------


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_pixels_stay_what_they_are_and_nothing_else_stays() -> None:
    image = drawing(1)
    exif = Image.Exif()
    exif[0x010F] = "CANARY camera"
    given = written(image, exif=exif, icc_profile=ImageCms.ImageCmsProfile(srgb()).tobytes())
    found = picture(given)
    assert b"CANARY" in given
    assert b"CANARY" not in found.content + found.thumbnail
    kept = opened(found.content)
    assert kept.format == "WEBP"
    assert not {"exif", "icc_profile", "xmp"} & set(kept.info)
    assert kept.convert("RGB").tobytes() == image.tobytes()
    assert (found.width, found.height) == image.size


def srgb() -> Any:
    return ImageCms.createProfile("sRGB")


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP", "JPEG"])
def test_four_formats_are_decoded(form: str) -> None:
    found = picture(written(drawing(2), form))
    assert opened(found.content).size == (64, 48)


def test_the_same_pixels_have_the_same_name_in_whatever_file() -> None:
    image = drawing(3)
    one = picture(written(image))
    assert one.digest == picture(written(image, "WEBP", lossless=True)).digest
    assert one.digest != picture(written(drawing(4))).digest


@pytest.mark.parametrize("orientation", range(1, 10))
def test_an_image_is_turned_as_its_metadata_say(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    given = written(drawing(1), exif=exif)
    expected = ImageOps.exif_transpose(opened(given))
    assert opened(picture(given).content).convert("RGB").tobytes() == expected.tobytes()


def test_an_image_is_put_on_white_where_it_is_transparent() -> None:
    clear = picture(written(Image.new("RGBA", (8, 8), (0, 0, 0, 0))))
    assert opened(clear.content).convert("RGB").getpixel((3, 3)) == (255, 255, 255)


def test_a_thumbnail_is_small_even_of_noise_and_a_large_image_is_made_smaller() -> None:
    noise = Image.effect_noise((1700, 900), 90).convert("RGB")
    found = picture(written(noise, "JPEG"))
    assert (found.width, found.height) == (1600, 847)
    assert len(found.thumbnail) <= 20_000
    assert max(opened(found.thumbnail).size) in (160, 240, 320)


def header_of(width: int, height: int) -> bytes:
    """Return a PNG that claims to be so large, in a few bytes."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


@pytest.mark.parametrize("size", [(7_000, 7_000), (10_000, 10_000), (60_000, 60_000), (20_000, 1)])
def test_a_bomb_of_pixels_is_refused_before_one_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(PixelsRefused, match="pixels"):
        picture(header_of(*size))


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_file_with_wrong_bytes_is_decoded_or_refused_and_nothing_else() -> None:
    draw = Random(1)  # noqa: S311
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (1.0, 2.0, 3.0)}
    outcomes = Counter[str]()
    for number in range(300):
        told = bytearray(exif.tobytes())
        for _ in range(draw.randrange(6)):
            told[draw.randrange(6, len(told))] = draw.randrange(256)
        form = ("PNG", "JPEG", "WEBP")[number % 3]
        data = bytearray(written(drawing(1, size=(24, 16)), form, exif=bytes(told)))
        for _ in range(draw.randrange(3)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        try:
            picture(bytes(data))
        except PixelsRefused:
            outcomes["refused"] += 1
        else:
            outcomes["decoded"] += 1
    assert set(outcomes) == {"refused", "decoded"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no PNG, JPEG, WebP or GIF"),
        (written(drawing(1), "BMP"), "is no PNG, JPEG, WebP or GIF"),
        (written(drawing(1), "TIFF"), "is no PNG, JPEG, WebP or GIF"),
        (written(drawing(1))[:-60], "is no PNG, JPEG, WebP or GIF that can be decoded"),
        (written(Image.new("I;16", (8, 8))), "8 bits a channel"),
        (written(drawing(1), "GIF", save_all=True, append_images=[drawing(2)]), "moves"),
    ],
)
def test_what_is_no_still_image_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(PixelsRefused, match=said):
        picture(content)
