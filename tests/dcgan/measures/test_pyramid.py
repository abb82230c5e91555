"""The Laplacian pyramid: exact, equal to its definition, and each level sees detail of one size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcgan.measures import pyramid

SEEDS = st.integers(0, 10**6)


def noise(seed, n=2, size=32):
    return np.random.default_rng(seed).integers(0, 256, [n, size, size, 3]).astype(np.uint8)


@settings(max_examples=10)
@given(seed=SEEDS, size=st.sampled_from([16, 32, 48, 64, 80, 96]))
def test_adding_the_levels_up_gives_the_image(seed, size):
    images = noise(seed, size=size)
    levels = pyramid.laplacian_pyramid(images)
    assert [level.shape for level in levels] == [(2, s, s, 3) for s in pyramid.sizes(size)]
    assert {level.dtype for level in levels} == {np.dtype(np.float32)}
    np.testing.assert_allclose(pyramid.from_pyramid(levels), images, atol=1e-3)


def weighted_window(padded, row, column):
    """The sum over the 5 x 5 pixels from a place on, each times its two weights."""
    total = 0.0
    for m, down in enumerate(pyramid.BINOMIAL):
        for n, across in enumerate(pyramid.BINOMIAL):
            total += down * across * padded[row + m, column + n]
    return total


def slow_reduce(g):
    """Burt and Adelson 1983, equation 1, term by term: [s, s] -> [s/2, s/2]."""
    padded = np.pad(g, 2, mode="reflect")
    half = len(g) // 2
    reduced = np.zeros([half, half])
    for i, j in np.ndindex(half, half):
        reduced[i, j] = weighted_window(padded, 2 * i, 2 * j)
    return reduced


def slow_expand(g):
    """Equation 2: 4 times the sum over those terms for which (i - m) / 2 and
    (j - n) / 2 are whole.
    """
    stuffed = np.zeros([2 * len(g), 2 * len(g)])
    stuffed[::2, ::2] = g
    padded = np.pad(stuffed, 2, mode="reflect")
    expanded = np.zeros_like(stuffed)
    for i, j in np.ndindex(*stuffed.shape):
        expanded[i, j] = 4 * weighted_window(padded, i, j)
    return expanded


def test_it_is_the_definition():
    image = noise(0, n=1, size=32)
    fine, coarse = pyramid.laplacian_pyramid(image)
    for channel in range(3):
        g = image[0, :, :, channel].astype(float)
        np.testing.assert_allclose(coarse[0, :, :, channel], slow_reduce(g), atol=1e-3)
        np.testing.assert_allclose(
            fine[0, :, :, channel], g - slow_expand(slow_reduce(g)), atol=1e-3
        )


@given(colour=st.tuples(*[st.integers(0, 255)] * 3))
def test_one_colour_stands_in_the_last_level_alone(colour):
    levels = pyramid.laplacian_pyramid(np.full([1, 64, 64, 3], colour, np.uint8))
    for level in levels[:-1]:
        np.testing.assert_allclose(level, 0.0, atol=1e-3)
    np.testing.assert_allclose(levels[-1], np.broadcast_to(colour, [1, 16, 16, 3]), atol=1e-3)


@settings(max_examples=10)
@given(seed=SEEDS, a=st.floats(-2, 2, width=32))
def test_it_is_linear_and_images_do_not_mix(seed, a):
    x, y = (noise(seed + i).astype(np.float32) for i in range(2))
    together = pyramid.laplacian_pyramid(x + a * y)
    first = pyramid.laplacian_pyramid(x[:1] + a * y[:1])
    second = pyramid.laplacian_pyramid(x[1:] + a * y[1:])
    apart = [np.concatenate(levels) for levels in zip(first, second, strict=True)]
    for both, own, of_x, of_y in zip(
        together, apart, pyramid.laplacian_pyramid(x), pyramid.laplacian_pyramid(y), strict=True
    ):
        np.testing.assert_allclose(both, own, atol=2e-3)
        np.testing.assert_allclose(both, of_x + a * of_y, atol=2e-3)


@pytest.mark.parametrize(("pixels", "level"), [(1, 0), (4, 1), (16, 2)])
def test_stripes_stand_at_the_level_of_their_width(pixels, level):
    stripes = np.where(np.arange(64) // pixels % 2, 255, 0).astype(np.uint8)
    levels = pyramid.laplacian_pyramid(np.broadcast_to(stripes[:, None], [1, 64, 64, 3]))
    energy = [np.square(one[0, 2:-2] - one.mean()).mean() for one in levels]
    assert np.argmax(energy) == level


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            np.zeros([2, 32, 32]),
            r"laplacian_pyramid: images must be \[N, S, S, 3 or 1\] with S = 16, 32, 48.*got \[2, 32, 32\]",
        ),
        (np.zeros([2, 32, 64, 3]), r"got \[2, 32, 64, 3\]"),
        (np.zeros([2, 40, 40, 3]), r"got \[2, 40, 40, 3\]"),
        (np.zeros([1, 528, 528, 3]), r"got \[1, 528, 528, 3\]"),
        (np.zeros([2, 8, 8, 3]), r"got \[2, 8, 8, 3\]"),
        (np.zeros([2, 0, 0, 3]), r"got \[2, 0, 0, 3\]"),
        (np.zeros([0, 32, 32, 3]), "at least 1 images, got 0"),
        (np.zeros([2, 32, 32, 2]), r"got \[2, 32, 32, 2\]"),
    ],
)
def test_other_shapes_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        pyramid.laplacian_pyramid(images)
