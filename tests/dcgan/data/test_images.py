"""One picture of any kind -> a square of uint8; what is none says why."""

import contextlib
import io
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageFile

from dcgan.data import images
from dcgan.data.form import Form
from dcgan.data.images import UnusableImageError, decode


def packed(array_or_image, kind="PNG", **options):
    image = (
        array_or_image
        if isinstance(array_or_image, Image.Image)
        else Image.fromarray(array_or_image)
    )
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def colours(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, [height, width, 3], dtype=np.uint8)


@pytest.mark.slow
@given(st.integers(8, 40), st.integers(0, 5))
def test_a_square_of_the_wanted_size_passes_as_it_is(size, seed):
    picture = colours(size, size, seed)
    np.testing.assert_array_equal(decode(packed(picture), size), picture)


@given(st.integers(8, 20), st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_the_square_at_the_centre_is_kept(size, before, after, upright):
    """Columns left and right of it may be anything; with one more after than before it lies half a
    pixel off.
    """
    after = before + after % 2
    square = colours(size, size)
    rest = [colours(size, n, seed=1) for n in (before, after)]
    wide = np.concatenate([rest[0], square, rest[1]], axis=1)
    if upright:
        wide = wide.transpose(1, 0, 2)
        square = square.transpose(1, 0, 2)
    np.testing.assert_array_equal(decode(packed(np.ascontiguousarray(wide)), size), square)


@pytest.mark.parametrize("side", [32, 50, 64, 200])
def test_resizing_keeps_the_mean_and_does_not_alias(side):
    """A fine checkerboard has no detail left at an eighth of its size:
    it must be even grey, not stripes.
    """
    board = (np.indices([side, side]).sum(axis=0) % 2 * 255).astype(np.uint8)
    small = decode(packed(np.stack([board] * 3, axis=-1)), side // 8)
    assert abs(small.mean() - 127.5) < 3.0
    assert small[1:-1, 1:-1].std() < 10.0


def test_a_smooth_picture_survives_up_and_down_again():
    y, x = np.indices([32, 32]) / 31.0
    smooth = np.stack([255 * x, 255 * y, 127 + 100 * np.sin(3 * x + y)], axis=-1).astype(np.uint8)
    larger = decode(packed(smooth), 64)
    back = decode(packed(larger), 32)
    assert larger.shape == (64, 64, 3)
    assert np.abs(back.astype(int) - smooth).mean() < 1.5


BEST_QUALITY = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "JPEG", "WEBP"])
def test_every_format_gives_the_colours(kind):
    picture = np.zeros([16, 16, 3], np.uint8)
    picture[:8] = (200, 40, 40)
    picture[8:] = (40, 40, 200)
    file = packed(picture, kind, **BEST_QUALITY.get(kind, {}))
    assert np.abs(decode(file, 16).astype(int) - picture).max() < 12


def test_grey_palette_and_16_bits_become_rgb():
    grey = np.random.default_rng(0).integers(0, 256, [12, 12], dtype=np.uint8)
    for image in (
        Image.fromarray(grey),
        Image.fromarray(grey).convert("P"),
        Image.fromarray(grey.astype(np.uint16) * 257),
        Image.fromarray(grey).convert("LA"),
    ):
        np.testing.assert_array_equal(decode(packed(image), 12), np.stack([grey] * 3, axis=-1))


def test_what_is_transparent_becomes_white():
    rgba = np.zeros([10, 10, 4], np.uint8)
    rgba[:5] = (255, 0, 0, 255)
    got = decode(packed(rgba), 10)
    assert (got[:5] == (255, 0, 0)).all()
    assert (got[5:] == 255).all()
    half = decode(packed(np.full([10, 10, 4], (0, 0, 0, 128), np.uint8)), 10)
    assert np.abs(half.astype(int) - 127).max() <= 1


def test_a_transparent_palette_becomes_white_too():
    image = Image.fromarray(np.repeat([[0, 1]], 8, axis=0).repeat(4, axis=1).astype(np.uint8), "P")
    image.putpalette([10, 20, 30, 40, 50, 60])
    got = decode(packed(image, transparency=0), 8)
    assert (got[:, :4] == 255).all()
    assert (got[:, 4:] == (40, 50, 60)).all()


# Where the stored picture's first row and first column are seen, by the tag (EXIF 2.32, 4.6.4).
SIDES = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


@pytest.mark.parametrize("orientation", SIDES)
def test_each_orientation_is_undone_as_the_standard_says(orientation):
    picture = colours(16, 16)
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen = decode(packed(picture, exif=exif), 16)
    edges = {"top": seen[0], "bottom": seen[-1], "left": seen[:, 0], "right": seen[:, -1]}
    first_row, first_column = SIDES[orientation]

    def pixels(edge):
        return {tuple(pixel) for pixel in edge.tolist()}

    assert pixels(edges[first_row]) == pixels(picture[0])
    assert pixels(edges[first_column]) == pixels(picture[:, 0])


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda x: x),
        (3, lambda x: x[::-1, ::-1]),
        (6, lambda x: np.rot90(x, -1)),
        (8, lambda x: np.rot90(x)),
    ],
)
def test_the_cameras_rotation_is_undone(orientation, turn):
    picture = colours(16, 16)
    exif = Image.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(decode(packed(picture, exif=exif), 16), turn(picture))


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    assert (decode(out.getvalue(), 8) == (255, 0, 0)).all()


def test_a_grey_jpeg_is_grey():
    grey = np.linspace(0, 255, 400).reshape(20, 20).astype(np.uint8)
    got = decode(packed(grey, "JPEG", quality=100), 20).astype(int)
    assert np.abs(got - grey[..., None]).max() <= 2


@pytest.mark.slow
def test_a_large_jpeg_is_unpacked_coarsely_and_looks_the_same():
    y, x = np.indices([1024, 1024]) / 1023.0
    large = np.stack([255 * x, 255 * y, 128 + 0 * x], axis=-1).astype(np.uint8)
    small = decode(packed(large, "JPEG", quality=95), 32)
    want = np.asarray(Image.fromarray(large).resize((32, 32), Image.Resampling.LANCZOS))
    assert np.abs(small.astype(int) - want).max() < 8


def bomb(width=60_000, height=60_000):
    """A PNG that says it is huge, of a few hundred bytes."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty file"),
        (b"hello, I am text", "not an image"),
        (packed(colours(64, 64))[:-500], "broken"),
        (packed(colours(64, 64), "JPEG")[:700], "broken"),
        (bomb(), "too large: more than 64,000,000 pixels"),
        (bomb(9000, 9000), r"too large: 9000 x 9000 pixels \(at most 64,000,000\)"),
        (b"II*\0" + b"\0" * 50, "not an image"),
        (b"%PDF-1.4 ...", "not an image"),
    ],
)
def test_what_is_no_picture_says_why_in_few_words(data, words):
    with pytest.raises(UnusableImageError, match=words) as told:
        decode(data, 16)
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 120


@given(st.integers(0, 400), st.integers(1, 255))
def test_no_flipped_byte_does_worse_than_being_unusable(place, flip):
    data = bytearray(packed(colours(12, 12)))
    data[place % len(data)] ^= flip
    with contextlib.suppress(UnusableImageError):
        assert decode(bytes(data), 12).shape == (12, 12, 3)


def test_the_limit_is_on_what_the_header_says(monkeypatch):
    monkeypatch.setattr(images, "MOST_PIXELS", 99)
    with pytest.raises(UnusableImageError, match="too large: 10 x 10 pixels"):
        decode(packed(colours(10, 10)), 8)


# ---- bit depths and transparency


def png_of(levels, depth, colour_type=0, transparent=None):
    """A PNG of numbers [N, N] or [N, N, 3], of which each takes `depth` bits."""

    def chunk(name, data):
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    if depth == 16:
        rows = [row.astype(">u2").tobytes() for row in levels]
    else:
        bits = (levels[..., None] >> np.arange(depth - 1, -1, -1)) & 1
        rows = [np.packbits(row.ravel()).tobytes() for row in bits]
    side = len(levels)
    parts = [chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, depth, colour_type, 0, 0, 0))]
    if transparent is not None:
        parts.append(chunk(b"tRNS", np.array(transparent, ">u2").tobytes()))
    parts.append(chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))))
    return images.PNG_SIGNATURE + b"".join([*parts, chunk(b"IEND", b"")])


@pytest.mark.parametrize("top", [1, 255, 256, 40_000, 65_535])
def test_16_bits_are_measured_by_one_ruler_and_not_by_their_own_peak(top):
    levels = np.linspace(0, top, 256).round().astype(int).reshape(16, 16)
    got = decode(png_of(levels, 16), 16)
    np.testing.assert_array_equal(got, np.repeat((levels // 257)[..., None], 3, axis=-1))


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_a_transparent_grey_gets_the_background_at_every_depth(depth):
    levels = np.arange(64).reshape(8, 8) % 2**depth
    if depth == 16:
        levels = levels * 1000
    hidden = levels[0, 1]
    got = decode(png_of(levels, depth, transparent=[hidden]), 8, Form(background="#c80000"))
    scaled = levels // 257 if depth == 16 else levels * 255 // (2**depth - 1)
    np.testing.assert_array_equal(got[..., 0], np.where(levels == hidden, 200, scaled))


@pytest.mark.parametrize("depth", [8, 16])
def test_a_transparent_colour_becomes_white_at_every_depth(depth):
    levels = np.arange(192).reshape(8, 8, 3) * (1 if depth == 8 else 300)
    got = decode(png_of(levels, depth, 2, transparent=levels[1, 2]), 8)
    want = levels if depth == 8 else levels >> 8
    want[1, 2] = 255
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    ("array", "white"),
    [
        (np.linspace(0, 1, 64, dtype=np.float32), 1.0),
        (np.linspace(0, 255, 64, dtype=np.float32), 255.0),
        (np.arange(64, dtype=np.int32) * 4, 255.0),
        (np.arange(64, dtype=np.int32) * 1000, 65535.0),
        (np.arange(64, dtype=np.uint16) * 1000, 65535.0),
        (np.arange(64, dtype=np.uint16) * 2, 65535.0),
    ],
)
def test_numbers_of_a_tiff_become_greys(array, white):
    square = array.reshape(8, 8)
    got = decode(packed(square, "TIFF"), 8)
    want = (square * 255.0 / white).astype(np.uint8)
    np.testing.assert_array_equal(got, np.repeat(want[..., None], 3, axis=-1))


def test_a_float_that_is_no_number_is_black():
    square = np.full([8, 8], np.nan, np.float32)
    square[0] = 0.5
    got = decode(packed(square, "TIFF"), 8)
    assert got[0].min() == 127
    assert got[1:].max() == 0


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr", "LAB", "HSV"])
def test_other_colour_spaces_become_rgb(mode):
    red = Image.new("RGB", (8, 8), (200, 30, 40))
    if mode == "LAB":
        data = packed(Image.new("LAB", (8, 8), (128, 128, 128)), "TIFF")
        assert decode(data, 8).std() < 3
        return
    kind = "JPEG" if mode == "HSV" else "TIFF"
    data = packed(red.convert("RGB" if mode == "HSV" else mode), kind)
    assert np.abs(decode(data, 8).astype(int) - (200, 30, 40)).max() < 12


# ---- metadata


def test_orientation_beside_odd_tags_still_turns():
    """A tag whose value lies nowhere, one that is text, and a negative number."""
    picture = colours(16, 16)
    data = packed(picture)
    turned = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0)
    for odd in (
        struct.pack("<HHII", 0x0102, 4, 9, 99_999_999),
        struct.pack("<HHI4s", 0xA005, 2, 4, b"abc\0"),
        struct.pack("<HHIi", 0x0101, 9, 1, -5),
    ):
        body = b"II*\0" + struct.pack("<IH", 8, 2) + turned + odd + b"\0\0\0\0"
        chunk = struct.pack(">I", len(body)) + b"eXIf" + body
        chunk += struct.pack(">I", zlib.crc32(chunk[4:]))
        got = decode(data[:33] + chunk + data[33:], 16)
        np.testing.assert_array_equal(got, np.rot90(picture, -1))
        with_text = data[:33] + chunk + text_chunk(2_000_000) + data[33:]
        np.testing.assert_array_equal(decode(with_text, 16), np.rot90(picture, -1))


def text_chunk(length):
    """Compressed text that Pillow refuses for its length."""
    body = b"zTXtworkflow\0\0" + zlib.compress(bytes(length))
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


# ---- words and memory


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"\0\0\0\x18ftypheic" + bytes(20), "HEIC. Convert it: heif-convert"),
        (b"\0\0\0\x18ftypmif1" + bytes(20), "HEIC"),
        (b"\0\0\0\x18ftypisom" + bytes(20), "a video"),
        (b"8BPS\0\1", "Photoshop"),
        (b"<svg xmlns=", "SVG"),
        (b"\xff\x0a" + bytes(20), "JPEG XL"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
        (b"\x93NUMPY\1\0", "NumPy array"),
        (b"PK\3\4" + bytes(20), r"\.npz of arrays.*give this file itself"),
        (b"Rar!\x1a\7", "RAR archive: unpack"),
        (b"7z\xbc\xaf\x27\x1c", "7z archive: unpack"),
    ],
)
def test_known_files_that_are_no_pictures_come_with_a_way_out(data, words):
    with pytest.raises(UnusableImageError, match=words) as told:
        decode(data, 16)
    assert str(told.value).startswith("not an image")
    assert told.value.kind == "other file"
    assert len(str(told.value)) < 120


def test_a_huge_baseline_jpeg_is_unpacked_coarsely_and_a_progressive_one_refused(monkeypatch):
    smooth = np.linspace(0, 255, 512 * 512 * 3).reshape(512, 512, 3).astype(np.uint8)
    monkeypatch.setattr(images, "MOST_PIXELS", 512 * 512 // 4)
    got = decode(packed(smooth, "JPEG"), 16)
    want = np.asarray(Image.fromarray(smooth).resize((16, 16), Image.Resampling.LANCZOS))
    assert np.abs(got.astype(int) - want).max() < 8
    with pytest.raises(UnusableImageError, match="too large: 512 x 512"):
        decode(packed(smooth, "JPEG", progressive=True), 16)
    monkeypatch.setattr(images, "MOST_DRAFT_PIXELS", 512 * 512 - 1)
    with pytest.raises(UnusableImageError, match="too large: 512 x 512"):
        decode(packed(smooth, "JPEG"), 16)


@pytest.mark.slow
def test_all_threads_together_unpack_no_more_than_the_budget(monkeypatch):
    """Ten pictures of 40 x 40 by eight threads: never are more than two of them unpacked."""
    budget = images.Budget(2 * 40 * 40)
    monkeypatch.setattr(images, "PIXELS", budget)
    load = ImageFile.ImageFile.load
    at_once = []

    def counted(self):
        at_once.append(budget.total - budget.free)
        time.sleep(0.01)
        return load(self)

    monkeypatch.setattr(ImageFile.ImageFile, "load", counted)
    data = packed(colours(40, 40), "BMP")
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: decode(data, 40), range(10)))
    assert len(results) == 10
    assert 0 < max(at_once) <= 2 * 40 * 40
    assert budget.free == budget.total


def test_what_is_larger_than_a_budget_waits_until_it_is_alone():
    budget = images.Budget(10)
    with budget.taken(1_000):
        assert budget.free == 0
    assert budget.free == 10


def test_a_failure_gives_its_pixels_back():
    free = images.PIXELS.free
    with pytest.raises(UnusableImageError):
        decode(packed(colours(64, 64))[:-500], 16)
    assert images.PIXELS.free == free == images.MOST_PIXELS
