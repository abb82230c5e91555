"""Thousands of odd pictures: formats × modes × metadata × damage. None ends a run.

Every picture whose pixels Pillow's plain decoder shows is read, and metadata changes no pixel.
"""

import contextlib
import io
import itertools
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from dcgan.data import faces
from dcgan.data.images import PNG_SIGNATURE, UnusableImageError, decode

pytestmark = pytest.mark.slow

SIDES = [(24, 24), (31, 17), (1, 40), (64, 64)]
MODES = {
    "PNG": ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"],
    "JPEG": ["L", "RGB", "CMYK", "YCbCr"],
    "TIFF": [*("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"), "I;16", "I", "F"],
    "BMP": ["1", "L", "P", "RGB", "RGBA"],
    "GIF": ["1", "L", "P", "RGB"],
    "WEBP": ["L", "RGB", "RGBA"],
    "AVIF": ["RGB", "RGBA"],
    "PPM": ["1", "L", "RGB", "I;16"],
    "JPEG2000": ["L", "LA", "RGB", "RGBA", "I;16"],
    "TGA": ["1", "L", "LA", "P", "RGB", "RGBA"],
    "ICO": ["RGBA", "RGB"],
}
VARIANTS = {
    "TIFF": [
        *({}, {"compression": "tiff_lzw"}, {"compression": "tiff_deflate"}),
        *({"compression": "packbits"}, {"compression": "jpeg"}, {"compression": "group4"}),
    ],
    "PNG": [{}, {"compress_level": 0}, {"interlace": 1}],
    "JPEG": [{}, {"progressive": True}, {"quality": 5}, {"subsampling": 0, "optimize": True}],
    "WEBP": [{}, {"lossless": True}],
    "TGA": [{}, {"compression": "tga_rle"}],
}


def image_of(mode, size, seed):
    """A picture of noise on a slope."""
    width, height = size
    draw = np.random.default_rng(seed)
    slope = np.linspace(0, 200, width)[None, :, None]
    rgb = np.uint8(slope + draw.integers(0, 56, [height, width, 3]))
    image = Image.fromarray(rgb)
    if mode in ("RGBA", "LA"):
        image.putalpha(Image.fromarray(draw.integers(0, 256, [height, width], dtype=np.uint8)))
        return image.convert(mode)
    if mode == "I;16":
        return Image.fromarray(rgb[..., 0].astype(np.uint16) * 257)
    if mode == "I":
        return Image.fromarray(rgb[..., 0].astype(np.int32) * 200)
    if mode == "F":
        return Image.fromarray(rgb[..., 0].astype(np.float32) / 255)
    if mode == "LAB":
        return Image.frombytes("LAB", size, rgb.tobytes())
    return image.convert(mode)


def saved(image, kind, **options):
    """The bytes of a file of this kind, or None where this Pillow does not write such."""
    out = io.BytesIO()
    with warnings.catch_warnings(), contextlib.suppress(OSError, ValueError, KeyError):
        warnings.simplefilter("ignore")
        image.save(out, kind, **options)
        return out.getvalue()
    return None


def sound():
    """(name, bytes) of pictures that nothing is wrong with."""
    for kind, modes in MODES.items():
        variants = enumerate(VARIANTS.get(kind, [{}]))
        for (i, options), mode, size in itertools.product(variants, modes, SIDES):
            data = saved(image_of(mode, size, seed=i), kind, **options)
            if data:
                yield f"{kind} {mode.replace(';', '')} {i} {size[0]}x{size[1]}", data


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def exif(*tags, order="<"):
    """(tag, type, count, 4 bytes) each."""
    start = b"II*\0" if order == "<" else b"MM\0*"
    body = b"".join(struct.pack(f"{order}HHI", *tag[:3]) + tag[3] for tag in tags)
    return start + struct.pack(f"{order}IH", 8, len(tags)) + body + b"\0\0\0\0"


def odd_exifs():
    """Blocks that are no EXIF, or odd; none of them turns the picture."""
    draw = np.random.default_rng(0)
    for length in (0, 1, 7, 8, 50):
        yield draw.integers(0, 256, length, dtype=np.uint8).tobytes()
    for tag, kind in itertools.product(
        (0x0100, 0x0101, 0x0102, 0x8769, 0x8825, 0xA005, 0x9286, 0x011A, 0x0112),
        (0, 1, 2, 3, 4, 5, 7, 9, 12, 99),
    ):
        for body in (b"\xff\xff\xff\xff", b"abc\0"):
            yield exif((tag, kind, 1, body))
    yield exif(*[(0x0102, 4, 2**31 - 1, b"\0\0\0\x7f")] * 5)
    yield exif((0x8769, 4, 1, struct.pack("<I", 8)))  # a directory that is its own child


def odd_metadata():
    """(name, bytes, the same picture without metadata)."""
    picture = image_of("RGB", (24, 24), 1)
    png = saved(picture, "PNG")
    jpeg = saved(picture, "JPEG", quality=90)
    large = zlib.compress(bytes(1_500_000))
    chunks = [chunk(b"eXIf", block) for block in odd_exifs()]
    chunks += [
        chunk(b"iCCP", b"icc\0\0" + large),
        chunk(b"iCCP", b"rubbish"),
        chunk(b"zTXt", b"workflow\0\0" + large),
        chunk(b"zTXt", b"workflow\0\x07" + large),
        chunk(b"iTXt", b"workflow\0\1\0\0\0" + large),
        chunk(b"iTXt", b"\xff\xfe"),
        chunk(b"tEXt", b"\0" * 50),
        chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 4\nzz zz"),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\nexif\n 9\nxyz")),
        chunk(b"gAMA", b""),
        chunk(b"cHRM", b"\0" * 3),
        chunk(b"pHYs", b"\0"),
        chunk(b"sRGB", b""),
        chunk(b"acTL", b"\0" * 3),
        chunk(b"acTL", b"\0\0\0\2\0\0\0\0"),
        chunk(b"fcTL", b"\0" * 26),
        chunk(b"tEXt", b"a\0b")[:-4] + b"\0\0\0\0",  # a wrong checksum
        chunk(b"xxXx", bytes(100)),
    ]
    end = png.index(b"IDAT") - 4
    for i, one in enumerate(chunks):
        yield f"PNG chunk before {i}", png[:33] + one + png[33:], png
        yield f"PNG chunk after {i}", png[:-12] + one + png[-12:], png
        yield f"PNG chunk twice {i}", png[:end] + one + one + png[end:], png
    segments = [(0xE1, b"Exif\0\0" + block) for block in odd_exifs()]
    segments += [
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta"),
        (0xE1, b"Exif"),
        (0xE2, b"ICC_PROFILE\0\1\2rubbish"),
        (0xE2, b"ICC_PROFILE\0"),
        (0xE2, b"MPF\0" + b"II*\0\x08\0\0\0\xff\xff"),
        (0xED, b"Photoshop 3.0\0" + b"8BIM\xff\xff\xff\xff"),
        (0xED, b"Photoshop 3.0\0" + b"8BIM"),
        (0xEC, b"Ducky"),
        (0xFE, b"\xff" * 60_000),
        (0xEB, b""),
    ]
    for i, (marker, body) in enumerate(segments):
        segment = struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
        yield f"JPEG segment {i}", jpeg[:2] + segment + jpeg[2:], jpeg
        yield f"JPEG segment later {i}", jpeg[:20] + segment + jpeg[20:], jpeg


def damaged(pictures):
    """Each of these cut off, with bytes that are others, with something behind and with zeros."""
    draw = np.random.default_rng(1)
    for name, data in pictures:
        yield f"{name} cut", data[: int(draw.integers(1, len(data)))]
        for i in range(3):
            flipped = bytearray(data)
            for place in draw.integers(0, len(data), i + 1):
                flipped[place] ^= int(draw.integers(1, 256))
            yield f"{name} flipped {i}", bytes(flipped)
        yield f"{name} and more", data + b"behind the end"
        start = int(draw.integers(0, len(data)))
        yield f"{name} zeros", data[:start] + bytes(min(64, len(data) - start)) + data[start + 64 :]


def shown_by_pillow(data):
    """Whether a plain decoder shows the pixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            image.load()
            image.convert("RGB")
    except Exception:
        return False
    return True


@pytest.mark.slow
def test_thousands_of_odd_pictures_end_no_run_and_what_pillow_shows_is_read(tmp_path):
    whole = list(sound())
    pictures = dict(whole)
    pictures.update(damaged(whole))
    pictures.update((name, data) for name, data, _ in odd_metadata())
    folder = tmp_path / "odd"
    folder.mkdir()
    for name, data in pictures.items():
        (folder / name).write_bytes(data)
    assert len(pictures) >= 2000
    got = faces.load(folder, 24, cache=tmp_path / "cache", console=Console(quiet=True))
    read = set(got.names)
    skipped = dict(got.skipped)
    assert read | set(skipped) == set(pictures)
    assert {name for name, _ in whole} <= read
    lost = {name: skipped[name] for name in skipped if shown_by_pillow(pictures[name])}
    assert lost == {}
    assert all("\n" not in why and len(why) < 200 for why in skipped.values())


@pytest.mark.slow
def test_odd_metadata_changes_no_pixel():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data, plain in odd_metadata():
            np.testing.assert_array_equal(decode(data, 24), decode(plain, 24), err_msg=name)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "TGA", "BMP", "PPM", "ICO", "JPEG2000"])
def test_formats_without_loss_keep_every_pixel(kind):
    image = image_of("RGB", (32, 32), 0)
    np.testing.assert_array_equal(decode(saved(image, kind), 32), np.asarray(image))


@pytest.mark.parametrize(
    "data", [PNG_SIGNATURE, b"\xff\xd8", b"\xff\xd8\xff\xff\xff", b"II*\0", b"BM"]
)
def test_a_start_and_no_more_is_unusable(data):
    with pytest.raises(UnusableImageError):
        decode(data, 16)
