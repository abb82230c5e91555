"""Arrays of images are told from everything else, in one place."""

import numpy as np
import pytest

from dcgan.data.image_arrays import uint8_images


@pytest.mark.parametrize("channels", [1, 3])
def test_images_in_colours_and_in_grey_pass_as_they_are(channels, tmp_path):
    images = np.zeros([2, 4, 4, channels], np.uint8)
    assert uint8_images("f", "x", images) is images
    np.testing.assert_array_equal(uint8_images("f", "x", list(images)), images)
    mapped = np.memmap(tmp_path / "images", np.uint8, "w+", shape=images.shape)
    assert isinstance(uint8_images("f", "x", mapped), np.memmap)
    wide = np.zeros([2, 4, 6, channels], np.uint8)
    assert uint8_images("f", "x", wide, square=False) is wide


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (np.zeros([2, 4, 6, 3], np.uint8), r"got \[2, 4, 6, 3\] of uint8\."),
        (np.zeros([2, 4, 4, 2], np.uint8), r"got \[2, 4, 4, 2\]"),
        (np.zeros([2, 4, 4], np.uint8), r"got \[2, 4, 4\]"),
        (np.zeros([1, 4, 4, 3], np.uint8), r"got \[1, 4, 4, 3\]"),
        (np.zeros([2, 0, 0, 3], np.uint8), r"got \[2, 0, 0, 3\]"),
        (np.zeros([2, 4, 4, 3], np.int64), r"got \[2, 4, 4, 3\] of int64\."),
        (
            np.zeros([2, 4, 4, 3], np.float32),
            r"got .* of float32\. See dcgan\.data\.pixels\.to_uint8",
        ),
        ([np.zeros([4, 4, 3], np.uint8), np.zeros([5, 5, 3], np.uint8)], r"got \[0\]"),
        ("faces.zip", r"got \[\]"),
    ],
)
def test_everything_else_is_refused(images, words):
    wanted = r"^f: x must be \[N, S, S, 3 or 1\] of uint8, N at least 2, "
    with pytest.raises(ValueError, match=wanted + words):
        uint8_images("f", "x", images, at_least=2)
