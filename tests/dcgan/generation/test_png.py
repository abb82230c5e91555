"""PNG files made a block at a time are pictures that any program reads, bit for bit."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image

from dcgan.generation import png

SHAPES = [(1, 1, 3), (8, 8, 3), (5, 9, 3), (7, 3, 1), (1, 1, 1), (16, 16, 1)]


def pixels(data):
    picture = np.asarray(Image.open(io.BytesIO(data)))
    return picture if picture.ndim == 3 else picture[:, :, np.newaxis]


@given(image=st.sampled_from(SHAPES).flatmap(lambda shape: npst.arrays(np.uint8, shape)))
def test_a_png_is_the_picture_bit_for_bit(image):
    (file,) = png.encode(image[np.newaxis])
    np.testing.assert_array_equal(pixels(file), image)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_block_gives_its_pictures_in_order(channels):
    images = np.random.default_rng(0).integers(0, 256, [9, 6, 5, channels], np.uint8)
    np.testing.assert_array_equal([pixels(file) for file in png.encode(images)], images)
    every_other = images[::2, :, ::-1]  # an array with gaps, read backwards
    np.testing.assert_array_equal([pixels(file) for file in png.encode(every_other)], every_other)
    assert png.encode(images[:0]) == []


def test_a_file_is_laid_out_as_the_specification_says():
    """Read by hand: Pillow passes over some checksums."""
    image = np.random.default_rng(1).integers(0, 256, [4, 3, 3], np.uint8)
    (file,) = png.encode(image[np.newaxis])
    assert file.startswith(png.SIGNATURE)
    assert file.endswith(png.END)
    place = len(png.SIGNATURE)
    chunks = {}
    while place < len(file):
        (length,) = struct.unpack_from(">I", file, place)
        kind = file[place + 4 : place + 8]
        data = file[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack_from(">I", file, place + 8 + length)
        assert checksum == zlib.crc32(kind + data)
        chunks[kind] = data
        place += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    assert chunks[b"IHDR"] == struct.pack(">II", 3, 4) + bytes([8, 2, 0, 0, 0])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(4, 1 + 3 * 3)
    assert (rows[:, 0] == png.UP).all()
    np.testing.assert_array_equal(rows[:, 1:].cumsum(axis=0, dtype=np.uint8), image.reshape(4, 9))


@pytest.mark.parametrize("channels", [1, 3])
def test_files_of_encode_are_known_and_those_of_other_programs_are_not(channels):
    soft = np.add.outer(np.arange(24), 3 * np.arange(32)).astype(np.uint8)
    image = np.repeat(soft[:, :, np.newaxis], channels, axis=2)
    (ours,) = png.encode(image[np.newaxis])
    assert png.is_of_encode(ours)
    file = io.BytesIO()
    Image.fromarray(image.squeeze()).save(file, format="PNG")
    assert not png.is_of_encode(file.getvalue())
    for broken in (b"", ours[:20], ours[:-1], ours + b"\0", png.SIGNATURE + png.END):
        assert not png.is_of_encode(broken)


@given(st.binary(max_size=80), st.integers(8, 60))
def test_no_bytes_make_the_question_whose_file_fail(noise, place):
    (ours,) = png.encode(np.zeros([1, 3, 2, 3], np.uint8))
    damaged = ours[:place] + noise + ours[place + len(noise) :]
    assert png.is_of_encode(damaged) in (True, False)


def test_files_are_hardly_larger_than_pillows():
    """Of soft pictures with noise, as generators make them."""
    y, x = np.mgrid[:64, :64]
    soft = 128 + 60 * np.sin(x / 9.0) * np.cos(y / 7.0)
    noise = np.random.default_rng(2).normal(0.0, 3.0, [4, 64, 64, 3])
    images = (soft[:, :, np.newaxis] + noise).clip(0, 255).astype(np.uint8)
    ours = sum(len(file) for file in png.encode(images))
    pillows = 0
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, format="PNG", compress_level=1)
        pillows += len(file.getvalue())
    assert ours < 1.1 * pillows
