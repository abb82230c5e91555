"""Decode one picture file of any format, size and colours to a square of uint8.

bytes -> decode -> upright -> RGB on a background -> square -> antialiased resize -> [size, size, C]

`dcgan.data.form` says how pictures that are not square, or transparent, are converted, and whether
there are colours.

Damaged metadata (EXIF, colour profiles, texts) never prevents a picture from being decoded. Only
the orientation is read from it; everything else is ignored.

Memory: all threads together decode at most MOST_PIXELS at a time, which take up to 16 bytes each.
"""

from __future__ import annotations

import contextlib
import functools
import io
import struct
import threading
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image, JpegImagePlugin

from dcgan.data.form import USUAL, Form

WANTED_FORMATS = (
    *("JPEG", "PNG", "BMP", "GIF", "WEBP", "TIFF", "AVIF"),
    *("JPEG2000", "PPM", "ICO", "DIB", "QOI"),
)
MOST_PIXELS = 64_000_000  # a larger picture is taken for a decompression bomb: 192 MB as RGB
MOST_DRAFT_PIXELS = 178_000_000  # the same for a baseline JPEG, which can be unpacked coarsely
MOST_BYTES = 256_000_000  # of the file
BAND_PIXELS = 1_000_000  # pixels that are laid on the background together

ORIENTATION = 0x0112  # the EXIF tag
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class UnusableImageError(Exception):
    """This file gives no picture; the text says why, in a few words.

    Args:
        why: one line for the reader.
        kind: what such files are counted as, a noun.
    """

    def __init__(self, why: str, kind: str = "broken picture"):
        super().__init__(why)
        self.kind = kind


class Picture(NamedTuple):
    """A decoded picture, and what it was like before it was resized."""

    pixels: np.ndarray
    """uint8 [size, size, 3], RGB, or [size, size, 1], grey"""
    is_square: bool
    """whether the original was"""
    is_enlarged: bool
    """whether the original had fewer pixels than it has here, across or down"""


class Budget:
    """At most `total` units are in use at any time; a thread that needs more has to wait.

    A request larger than the total waits until nothing else is in use.
    """

    def __init__(self, total: int):
        self.total = total
        self.free = total
        self._changed = threading.Condition()

    def take(self, amount: int) -> int:
        """Wait until this much is free and take it. Returns what must be given back."""
        amount = min(amount, self.total)
        with self._changed:
            self._changed.wait_for(lambda: self.free >= amount)
            self.free -= amount
        return amount

    def give_back(self, amount: int) -> None:
        with self._changed:
            self.free += amount
            self._changed.notify_all()

    @contextlib.contextmanager
    def taken(self, amount: int) -> Iterator[None]:
        """Take this much for the length of a `with`."""
        amount = self.take(amount)
        try:
            yield
        finally:
            self.give_back(amount)


PIXELS = Budget(MOST_PIXELS)  # that are unpacked at the same time, in all threads together


def decode(data: bytes, size: int, form: Form = USUAL) -> np.ndarray:
    """The bytes of an image file -> uint8 [size, size, 3], RGB, or [size, size, 1], grey.

    The camera's EXIF rotation is undone. Grey, palette, CMYK, YCbCr and Lab pictures become RGB.
    16-bit greys are divided by 257, so that 65535 is white in every picture. What is transparent
    gets the form's background. An animation gives its first frame. A picture that is not square
    is treated as the form says:

        crop   the largest square at the centre is kept (odd remainders: half a pixel each side)
        pad    the picture is resized so that its longer side fits, and set at the centre of a
               square of the background
        fit    each side is resized on its own

    Resizing takes Lanczos' filter, whose support grows with the reduction, so that nothing aliases.
    A square picture of this size passes as it is, a smaller one is enlarged. Grey, if it is asked
    for, is made last.

    Two kinds of TIFF have no agreed white: floats (1 if no value is larger, otherwise 255) and
    32-bit integers (the smallest of 255, 65535 and 2^31 - 1 that no value exceeds).

    Args:
        data: the whole file; JPEG, PNG, BMP, GIF, WEBP, TIFF, AVIF, JPEG 2000, PPM, ICO, QOI, TGA.
        size: the side of the square in pixels.
        form: how to convert pictures that are not square, transparent pictures, and colours.

    Returns:
        uint8 [size, size, form.channels].

    Raises:
        UnusableImageError: for what is empty, no image, truncated, or larger than MOST_PIXELS
            (MOST_DRAFT_PIXELS for a baseline JPEG, which is unpacked at a half, a quarter or an
            eighth of its size). The size is read from the header, before anything is unpacked.
    """
    return read(data, size, form).pixels


def read(data: bytes, size: int, form: Form = USUAL) -> Picture:
    """Like `decode`, and what the original was like."""
    if not data:
        raise UnusableImageError("empty file", "empty file")
    try:
        return _read(data, size, form)
    except UnusableImageError as error:
        if error.kind == "too large file":
            raise
        first = error
    for simpler in _without_metadata(data):
        with contextlib.suppress(UnusableImageError):
            return _read(simpler, size, form)
    raise first


def from_array(pixels: np.ndarray, size: int, form: Form = USUAL) -> Picture:
    """One picture that is an array already.

    Args:
        pixels: uint8 [H, W], [H, W, 1], [H, W, 3] or [H, W, 4] (the fourth is opacity).
        size: the side of the square in pixels.
        form: as for `decode`.
    """
    if pixels.shape[2:] == (1,):
        pixels = pixels[:, :, 0]
    image = _on_background(Image.fromarray(np.ascontiguousarray(pixels)), form)
    return _picture(image, image.size, size, form)


@functools.cache
def formats() -> tuple[str, ...]:
    """Those of WANTED_FORMATS that the installed Pillow knows."""
    Image.init()
    return tuple(name for name in WANTED_FORMATS if name in Image.OPEN)


# ---------------------------------------------------------------- decoding


def _read(data: bytes, size: int, form: Form) -> Picture:
    """One attempt, whose every failure is an UnusableImageError."""
    try:
        names = (*formats(), "TGA") if _may_be_tga(data) else formats()
        image = Image.open(io.BytesIO(data), formats=names)
        original = image.size  # before a JPEG is unpacked at a part of it
        with PIXELS.taken(_prepared(image, size)):
            image.load()
            _correct_transparency(image, data)
            upright = _on_background(_upright(image), form)
            return _picture(upright, original, size, form)
    except UnusableImageError:
        raise
    except Image.UnidentifiedImageError:
        raise UnusableImageError(_what_it_is(data), "other file") from None
    except Image.DecompressionBombError:
        raise UnusableImageError(
            f"too large: more than {MOST_PIXELS:,} pixels", "too large file"
        ) from None
    except MemoryError:
        raise UnusableImageError("too large for the memory", "too large file") from None
    except Exception as error:  # Pillow raises many kinds, SyntaxError and struct.error among them
        lines = str(error).splitlines()
        reason = lines[0] if lines else type(error).__name__
        raise UnusableImageError(f"broken: {reason}") from None


def _may_be_tga(data: bytes) -> bool:
    """Such a file does not say what it is, so its header must make sense (and be no text)."""
    return len(data) > 18 and data[1] in (0, 1) and data[2] in (1, 2, 3, 9, 10, 11)


def _prepared(image: Image.Image, size: int) -> int:
    """Refuse what is too large; let a JPEG be unpacked no finer than needed. -> pixels to unpack.

    A progressive JPEG is kept whole by its decoder, so a coarse picture of it saves no memory.
    """
    width, height = image.size
    pixels = width * height
    coarse = isinstance(image, JpegImagePlugin.JpegImageFile)
    if coarse and (image.format == "JPEG" or pixels > MOST_PIXELS):
        image.draft("RGB", (2 * size, 2 * size))  # at least twice the size is left
    whole = not coarse or image.info.get("progressive")
    unpacked = pixels if whole else image.width * image.height
    if unpacked > MOST_PIXELS or pixels > MOST_DRAFT_PIXELS:
        raise UnusableImageError(
            f"too large: {width} x {height} pixels (at most {MOST_PIXELS:,})", "too large file"
        )
    return unpacked


def _upright(image: Image.Image) -> Image.Image:
    """Turned as its orientation tag says; a tag that cannot be read turns nothing."""
    orientation = _orientation(image.info.get("exif"))
    if orientation is None:  # it may stand elsewhere, in XMP for instance
        with contextlib.suppress(Exception):  # metadata of any bytes: many kinds of error
            orientation = image.getexif().get(ORIENTATION)
    turn = UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _orientation(exif: bytes | None) -> int | None:
    """The orientation of an EXIF block, or None. Nothing else in it is looked at."""
    if not isinstance(exif, bytes):
        return None
    tiff = exif.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return None
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    if start + 2 > len(tiff):
        return None
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    for place in range(start + 2, min(start + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind = struct.unpack_from(f"{order}HH", tiff, place)
        if tag == ORIENTATION and kind in (3, 4):  # of 16 or 32 bits
            return struct.unpack_from(f"{order}{'HI'[kind - 3]}", tiff, place + 8)[0]
    return None


def _correct_transparency(image: Image.Image, data: bytes) -> None:
    """Bring a PNG's transparent colour to the 8 bits to which Pillow brings its pixels."""
    colour = image.info.get("transparency")
    if image.format != "PNG" or colour is None or isinstance(colour, bytes):
        return
    depth = data[24]
    if image.mode == "1":  # white is 1 in older Pillows, and 255 in newer ones
        image.info["transparency"] = 255 if colour else 0
    elif image.mode == "L" and depth < 8:
        image.info["transparency"] = colour * 255 // (2**depth - 1)
    elif image.mode == "RGB" and depth == 16:
        image.info["transparency"] = tuple(value >> 8 for value in colour)


def _on_background(image: Image.Image, form: Form) -> Image.Image:
    """Any mode -> RGB, band by band, so that little more than the two pictures is in memory."""
    mode = image.mode
    if mode in ("I", "F") or mode.startswith("I;"):
        return _from_numbers(image, form)
    if mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        try:
            return _flattened(image, form)
        except (ValueError, TypeError):  # a transparent colour that is none
            image.info.pop("transparency", None)
    return image.convert("RGB")


def _flattened(image: Image.Image, form: Form) -> Image.Image:
    """Transparent pixels laid on the background."""
    result = Image.new("RGB", image.size)
    rows = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        band = image.crop((0, top, image.width, min(top + rows, image.height)))
        if band.mode == "La":
            band = band.convert("LA")
        band = band.convert("RGBA")
        behind = Image.new("RGBA", band.size, form.rgb)
        result.paste(Image.alpha_composite(behind, band).convert("RGB"), (0, top))
    return result


def _from_numbers(image: Image.Image, form: Form) -> Image.Image:
    """Greys of 16 or 32 bits, or floats -> RGB."""
    grey = np.asarray(image)
    if image.mode == "F":
        grey = np.nan_to_num(grey, nan=0.0, posinf=np.finfo(np.float32).max)
    white = _white_of(image, grey)
    eight_bits = np.empty(grey.shape, np.uint8)
    rows = max(1, BAND_PIXELS // image.width)
    for top in range(0, image.height, rows):
        band = grey[top : top + rows].astype(np.float64)
        eight_bits[top : top + rows] = (band * 255.0 / white).clip(0, 255)
    result = Image.fromarray(eight_bits).convert("RGB")
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        result.paste(form.rgb, mask=Image.fromarray(grey == transparent))
    return result


def _white_of(image: Image.Image, grey: np.ndarray) -> float:
    """The number that means white."""
    highest = grey.max(initial=0)
    if image.mode == "F":
        return 1.0 if highest <= 1.0 else 255.0
    if image.mode != "I" or image.format in ("PNG", "PPM"):
        return 65535.0
    return next((white for white in (255.0, 65535.0) if highest <= white), 2.0**31 - 1.0)


def _picture(image: Image.Image, original: tuple[int, int], size: int, form: Form) -> Picture:
    """The square of an RGB picture, in the form's colours.

    Args:
        image: upright.
        original: width and height of the file's picture.
        size: pixels of the square, each way.
        form: how a picture that is not square is made square.
    """
    square = SQUARES[form.not_square](image, size, form)
    if form.colours == "grey":
        pixels = np.asarray(square.convert("L"))[:, :, np.newaxis]
    else:
        pixels = np.asarray(square)
    fewest = max(original) if form.not_square == "pad" else min(original)
    return Picture(pixels, original[0] == original[1], fewest < size)


def _cropped(image: Image.Image, size: int, form: Form) -> Image.Image:
    """The square at the centre."""
    side = min(image.size)
    left = (image.width - side) / 2
    top = (image.height - side) / 2
    if side == size:
        return image.crop((int(left), int(top), int(left) + side, int(top) + side))
    box = (left, top, left + side, top + side)
    return image.resize((size, size), Image.Resampling.LANCZOS, box=box)


def _padded(image: Image.Image, size: int, form: Form) -> Image.Image:
    """The whole picture at the centre of a square of the background."""
    scale = size / max(image.size)
    width = max(1, round(scale * image.width))
    height = max(1, round(scale * image.height))
    whole = _fitted(image, (width, height))
    square = Image.new("RGB", (size, size), form.rgb)
    square.paste(whole, ((size - width) // 2, (size - height) // 2))
    return square


def _squeezed(image: Image.Image, size: int, form: Form) -> Image.Image:
    """The whole picture, each side resized on its own."""
    return _fitted(image, (size, size))


def _fitted(image: Image.Image, to: tuple[int, int]) -> Image.Image:
    if image.size == to:
        return image
    return image.resize(to, Image.Resampling.LANCZOS)


SQUARES = {"crop": _cropped, "pad": _padded, "fit": _squeezed}
"""NotSquare -> what makes a square of a picture."""


# ---------------------------------------------------------------- metadata


def _without_metadata(data: bytes) -> Iterator[bytes]:
    """The same picture with less and less beside its pixels: what to try if it cannot be read."""
    if data.startswith(PNG_SIGNATURE):
        yield _png_of(data, {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf"})
        yield _png_of(data, {b"IHDR", b"PLTE", b"IDAT", b"IEND"})
    if data.startswith(b"\xff\xd8"):
        yield _jpeg_of(data, keep_exif=True)
        yield _jpeg_of(data, keep_exif=False)


def _png_of(data: bytes, kept: set[bytes]) -> bytes:
    """A PNG with these chunks alone."""
    parts = [PNG_SIGNATURE]
    place = len(PNG_SIGNATURE)
    while place + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, place)
        end = place + 12 + length
        if data[place + 4 : place + 8] in kept:
            parts.append(data[place:end])
        place = end
    return b"".join(parts)


def _jpeg_of(data: bytes, keep_exif: bool) -> bytes:
    """A JPEG without comments and applications' segments but JFIF's and Adobe's."""
    parts = [data[:2]]
    place = 2
    while place + 4 <= len(data) and data[place] == 0xFF and data[place + 1] != 0xDA:
        marker = data[place + 1]
        if marker == 0xFF:  # a byte that fills up
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        segment = data[place : place + 2 + length]
        is_metadata = marker == 0xFE or (0xE1 <= marker <= 0xEF and marker != 0xEE)
        is_exif = marker == 0xE1 and segment[4:10] == b"Exif\0\0"
        if not is_metadata or (is_exif and keep_exif):
            parts.append(segment)
        place += 2 + length
    return b"".join([*parts, data[place:]])


HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
KNOWN_STARTS = (  # bytes that a file begins with, what it is, and what helps
    (b"8BPS", "a Photoshop file: export it as PNG"),
    (b"\xff\x0a", "JPEG XL, which Pillow does not read: convert it to PNG"),
    (b"\0\0\0\x0cJXL ", "JPEG XL, which Pillow does not read: convert it to PNG"),
    (b"version https://git-lfs", "a Git LFS pointer: run git lfs pull"),
    (b"\x93NUMPY", "a NumPy array: give this file itself as the data"),
    (b"PK\3\4", "a .npz of arrays, or another zip: give this file itself as the data"),
    (b"Rar!", "a RAR archive: unpack it"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it"),
    (b"\x89HDF", "HDF5: write its pictures to a folder, or its array to a .npy file"),
    (b"<svg", "SVG, a drawing without pixels: export it as PNG"),
    (b"<!DOCTYPE html", "a web page"),
    (b"<html", "a web page"),
)


def _what_it_is(data: bytes) -> str:
    """Why a file that Pillow does not know is passed over, with a way out where there is one."""
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand in HEIC_BRANDS:
            return "not an image that Pillow reads: HEIC. Convert it: heif-convert IN.heic OUT.jpg"
        if brand in (b"avif", b"avis"):
            return "not an image that this Pillow reads: AVIF. Say: pip install -U pillow"
        return "not an image: a video"
    for start, what in KNOWN_STARTS:
        if data.startswith(start):
            return f"not an image: {what}"
    return "not an image that can be read (JPEG, PNG, BMP, GIF, WEBP, TIFF, AVIF, ...)"
