"""How evenly transposed convolutions fill a picture: parities, and pictures without a rim."""

import numpy as np
import pytest

from dcgan.lessons import checkerboards


def test_parities_are_rows_then_columns():
    pixels = np.arange(2)[:, None] * 10.0 + np.arange(2)
    assert checkerboards.by_parity(np.tile(pixels, (3, 3))).tolist() == [[0.0, 1.0], [10.0, 11.0]]


def test_mean_squares_average_one_over_their_pixels_and_depend_on_the_seed():
    one, again, other = (checkerboards.mean_squares(4, seed, draws=1) for seed in (0, 0, 1))
    assert one.shape == (48, 48)
    assert one.mean() == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    pictures = checkerboards.untrained_pictures(4, 0)
    assert pictures.shape == (8, 64, 64, 16)
    middle = np.square(pictures).mean(axis=(0, 3))[8:-8, 8:-8]
    np.testing.assert_allclose(one, middle / middle.mean(), rtol=1e-5)
