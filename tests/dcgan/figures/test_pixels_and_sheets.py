"""Pictures as uint8 and as numbers in [-1, 1]; many pictures in one."""

import weakref
from collections.abc import Sequence

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from dcgan.data.pixels import to_float, to_uint8
from dcgan.figures import sheets

LEVELS = np.arange(256, dtype=np.uint8)


def test_every_level_survives_the_way_there_and_back():
    np.testing.assert_array_equal(to_uint8(to_float(LEVELS)), LEVELS)


def test_black_is_minus_one_and_white_is_one():
    x = to_float(LEVELS).numpy()
    assert x.dtype == np.float32
    assert (x[0], x[255]) == (-1.0, 1.0)
    np.testing.assert_allclose(x, LEVELS / 127.5 - 1.0, atol=1e-6)


def test_eager_graph_and_xla_give_the_same_bits():
    want = to_float(LEVELS).numpy()
    for compiled in (tf.function(to_float), tf.function(to_float, jit_compile=True)):
        np.testing.assert_array_equal(compiled(tf.constant(LEVELS)).numpy(), want)


def test_what_is_out_of_range_goes_to_the_nearer_end_and_values_are_rounded_not_cut():
    np.testing.assert_array_equal(
        to_uint8([-7.0, 7.0, -1.0 + 0.6 / 127.5, -1.0 + 0.4 / 127.5]), [0, 255, 1, 0]
    )


def test_the_pictures_of_a_sheet_are_those_it_was_made_of(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, [6, 5, 5, 3], np.uint8)
    path = sheets.save(sheets.sheet(images, columns=3, gap=1), tmp_path / "sheet.png")
    np.testing.assert_array_equal(sheets.pictures_of(sheets.read(path), 5, gap=1), images)


def test_a_sheet_has_every_picture_at_its_place_and_white_between():
    images = np.stack([np.full([3, 5, 3], 10 * i, np.uint8) for i in range(5)])
    page = sheets.sheet(images, columns=3, gap=2)
    assert page.shape == (2 + 2 * (3 + 2), 2 + 3 * (5 + 2), 3)
    for i in range(5):
        top = 2 + i // 3 * 5
        left = 2 + i % 3 * 7
        np.testing.assert_array_equal(page[top : top + 3, left : left + 5], images[i])
    assert (page[:2] == 255).all()
    assert (page[7:, 16:] == 255).all()  # the place of the sixth


def test_few_pictures_take_few_columns():
    assert sheets.sheet(np.zeros([2, 4, 4, 3], np.uint8), columns=8, gap=1).shape == (6, 11, 3)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros([0, 4, 4, 3], np.uint8),
        np.zeros([4, 4, 3], np.uint8),
        np.zeros([1, 4, 4, 3], np.float32),
        np.zeros([1, 4, 4, 2], np.uint8),
    ],
)
def test_what_is_no_set_of_pictures_is_refused(images):
    with pytest.raises(
        ValueError, match=r"sheet: images must be \[N, height, width, 3 or 1\] of uint8"
    ):
        sheets.sheet(images)


def test_png_gives_back_what_was_saved(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, [6, 7, 3], dtype=np.uint8)
    path = sheets.save(image, tmp_path / "new" / "a.png")
    np.testing.assert_array_equal(np.asarray(Image.open(path)), image)


def test_a_gif_has_all_frames_in_order_the_last_for_longer(tmp_path):
    frames = [np.full([8, 8, 3], level, np.uint8) for level in (0, 100, 200)]
    with Image.open(sheets.save_gif(frames, tmp_path / "a.gif", milliseconds=100)) as gif:
        assert gif.n_frames == 3
        assert gif.info["loop"] == 0
        durations = []
        for i, _ in enumerate(frames):
            gif.seek(i)
            durations.append(gif.info["duration"])
    assert durations == [100, 100, 2000]
    with pytest.raises(ValueError, match="save_gif: frames must be at least one picture"):
        sheets.save_gif([], tmp_path / "b.gif")


class Drawn(Sequence):
    """Frames that are made when they are asked for, and how many of them are in memory."""

    def __init__(self, count):
        self.count = count
        self.alive = weakref.WeakValueDictionary()
        self.most = 0

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        if i >= self.count:
            raise IndexError(i)
        frame = np.full([8, 8, 3], 255 * (i % 2), np.uint8)
        self.alive[len(self.alive), i] = frame
        self.most = max(self.most, len(self.alive))
        return frame


def test_a_gif_does_not_keep_all_frames_in_memory(tmp_path):
    frames = Drawn(200)
    with Image.open(sheets.save_gif(frames, tmp_path / "a.gif")) as gif:
        assert gif.n_frames == 200
    assert frames.most <= sheets.FRAMES_OF_THE_PALETTE + 3
