"""Colour at half the resolution: its sums, what it keeps, and libjpeg's pictures."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from gan_core import rng, testing
from gan_core.nn.colour import BRIGHTNESS, coarse_colour


def images(*shape, seed=0):
    return rng.normal(list(shape), rng.seed(seed, "images"))


def slow_along(c, axis):
    """The two lines of the docstring, place by place."""
    c = np.moveaxis(np.asarray(c, np.float64), axis, 0)
    pairs = len(c) // 2
    m = [(c[2 * j] + c[2 * j + 1]) / 2.0 for j in range(pairs)]
    y = np.zeros_like(c)
    for j in range(pairs):
        y[2 * j] = 0.75 * m[j] + 0.25 * m[max(j - 1, 0)]
        y[2 * j + 1] = 0.75 * m[j] + 0.25 * m[min(j + 1, pairs - 1)]
    return np.moveaxis(y, 0, axis)


def brightness(x):
    return np.asarray(x, np.float64) @ np.array(BRIGHTNESS)


def test_it_is_the_sums_that_the_docstring_says():
    """On images that are not square, so that an exchange of height and width would show."""
    x = images(2, 6, 10, 3)
    y = brightness(x)[..., np.newaxis]
    colour = slow_along(slow_along(x - y, 1), 2)
    np.testing.assert_allclose(coarse_colour(x), y + colour, atol=1e-5)


def test_the_brightness_of_every_pixel_stays():
    x = images(3, 8, 6, 3)
    np.testing.assert_allclose(brightness(coarse_colour(x)), brightness(x), atol=1e-5)


@pytest.mark.parametrize("value", [(1.0, 0.0, 0.0), (0.2, -0.7, 0.9)])
def test_one_colour_everywhere_stays_up_to_the_border(value):
    x = tf.broadcast_to(tf.constant(value), [1, 6, 4, 3])
    np.testing.assert_allclose(coarse_colour(x), x, atol=1e-6)


def test_grey_images_stay():
    x = tf.repeat(images(1, 6, 6, 1), 3, axis=3)
    np.testing.assert_allclose(coarse_colour(x), x, atol=1e-6)


def test_it_is_what_libjpeg_does_to_colour():
    """At the best quality 4:2:0 costs rounding alone: some grey levels beside those of colour."""
    smooth = np.repeat(np.repeat(np.asarray(images(1, 8, 8, 3)), 4, axis=1), 4, axis=2)
    noise = np.asarray(images(1, 32, 32, 3, seed=1))
    x = np.clip(127.5 + 15.0 * smooth + 15.0 * noise, 0, 255).round().astype(np.uint8)[0]
    file = io.BytesIO()
    Image.fromarray(x).save(file, "JPEG", quality=100, subsampling=2)
    jpeg = np.asarray(Image.open(file).convert("RGB"), np.float32)
    ours = coarse_colour(x[np.newaxis].astype(np.float32))[0].numpy()
    assert np.abs(jpeg - ours).mean() < 1.0
    assert np.abs(jpeg - x).mean() > 5.0


@pytest.mark.slow
@testing.parametrize_with_laws(
    [testing.Layer(lambda seed: coarse_colour, [4, 6, 3], [4, 6, 3], name="coarse_colour")]
)
def test_the_laws_of_layers_hold(subject, law):
    law(subject)


def test_the_same_in_eager_graph_and_xla():
    x = images(2, 8, 8, 3)
    wanted = coarse_colour(x)
    for jit in (False, True):
        compiled = tf.function(coarse_colour, jit_compile=jit, autograph=False)
        np.testing.assert_allclose(compiled(x), wanted, atol=1e-6)


def test_dtype_and_an_unknown_batch_are_kept():
    assert coarse_colour(tf.cast(images(1, 4, 4, 3), tf.bfloat16)).dtype == tf.bfloat16
    signature = [tf.TensorSpec([None, 4, 6, 3], tf.float32)]
    compiled = tf.function(coarse_colour, input_signature=signature, autograph=False)
    assert compiled.get_concrete_function().output_shapes.as_list() == [None, 4, 6, 3]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (tf.zeros([4, 4, 3]), "x must be images"),
        (tf.zeros([1, 4, 4, 3], tf.int32), "x must be of a floating dtype"),
        (tf.zeros([1, 4, 4, 1]), "x must be of 3 channels: red, green and blue, got 1"),
        (tf.zeros([1, 5, 4, 3]), "the height of x must be even, got 5"),
        (tf.zeros([1, 4, 5, 3]), "the width of x must be even, got 5"),
    ],
)
def test_what_is_no_image_in_colour_is_refused(x, message):
    with pytest.raises(ValueError, match=f"coarse_colour: {message}"):
        coarse_colour(x)
