"""Two filters against the grid of a transposed convolution: their sums, waves and symmetry."""

import numpy as np
import pytest
import tensorflow as tf

from gan_core import rng, testing
from gan_core.nn import filters
from gan_core.nn.conv import Conv2DTranspose
from gan_core.nn.filters import blur, without_checkerboard

FILTERS = [blur, without_checkerboard]


def images(*shape, seed=0):
    return rng.normal(list(shape), rng.seed(seed, "images"))


def slow_along(x, beside, axis):
    """x[i] / 2 + beside (x[i - 1] + x[i + 1]), term by term, with 0 beyond the border."""
    x = np.moveaxis(np.asarray(x, np.float64), axis, 0)
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = x[i] / 2.0
        for neighbour in (i - 1, i + 1):
            if 0 <= neighbour < len(x):
                y[i] += beside * x[neighbour]
    return np.moveaxis(y, 0, axis)


def slow(filter_, x):
    if filter_ is blur:
        return slow_along(slow_along(x, 0.25, 1), 0.25, 2)
    return x - slow_along(slow_along(x, -0.25, 1), -0.25, 2)


@pytest.mark.parametrize("filter_", FILTERS)
def test_each_is_the_sums_that_the_docstring_says(filter_):
    """On images that are not square, so that an exchange of height and width would show."""
    x = images(2, 6, 9, 3)
    np.testing.assert_allclose(filter_(x), slow(filter_, x.numpy()), atol=1e-6)


@pytest.mark.parametrize("u", [0.0, np.pi / 2, 2.0, np.pi])
@pytest.mark.parametrize("v", [0.0, np.pi / 2, 2.0, np.pi])
def test_a_wave_keeps_the_share_of_its_height_that_the_docstring_says(u, v):
    rows = np.arange(16.0)[:, np.newaxis]
    columns = np.arange(16.0)[np.newaxis]
    wave = np.float32(np.cos(u * rows + v * columns))
    shares = {
        blur: np.cos(u / 2) ** 2 * np.cos(v / 2) ** 2,
        without_checkerboard: 1.0 - np.sin(u / 2) ** 2 * np.sin(v / 2) ** 2,
    }
    for filter_, share in shares.items():
        filtered = filter_(wave[np.newaxis, :, :, np.newaxis])[0, :, :, 0].numpy()
        inside = (slice(1, -1), slice(1, -1))
        # A wave that runs askew is two waves, at (u, v) and (u, -v), whose shares are equal.
        np.testing.assert_allclose(filtered[inside], share * wave[inside], atol=1e-5)


@pytest.mark.parametrize("filter_", FILTERS)
def test_each_is_its_own_adjoint(filter_):
    x = images(2, 7, 5, 3)
    y = images(2, 7, 5, 3, seed=1)
    left = tf.reduce_sum(filter_(x) * y)
    right = tf.reduce_sum(x * filter_(y))
    np.testing.assert_allclose(left, right, rtol=1e-4)


@pytest.mark.slow
@testing.parametrize_with_laws(
    [
        testing.Layer(lambda seed: blur, [3, 4, 2], [3, 4, 2], name="blur"),
        testing.Layer(
            lambda seed: without_checkerboard, [3, 4, 2], [3, 4, 2], name="without_checkerboard"
        ),
    ]
)
def test_the_laws_of_layers_hold(subject, law):
    law(subject)


@pytest.mark.parametrize("filter_", FILTERS)
def test_the_gradient_is_the_filter_of_the_gradient(filter_):
    x = images(1, 4, 6, 2)
    weights = images(1, 4, 6, 2, seed=1)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = tf.reduce_sum(filter_(x) * weights)
    np.testing.assert_allclose(tape.gradient(value, x), slow(filter_, weights.numpy()), atol=1e-6)


@pytest.mark.parametrize("filter_", FILTERS)
def test_the_same_in_eager_graph_and_xla(filter_):
    x = images(2, 8, 8, 3)
    wanted = filter_(x)
    for jit in (False, True):
        compiled = tf.function(filter_, jit_compile=jit, autograph=False)
        np.testing.assert_allclose(compiled(x), wanted, atol=1e-6)


@pytest.mark.parametrize("filter_", FILTERS)
def test_matrices_are_for_xla_and_gpus(filter_, monkeypatch):
    """Of depthwise convolutions XLA makes slow code; on a CPU they are the faster way."""

    def convolves(jit):
        traced = tf.function(filter_, jit_compile=jit, autograph=False)
        graph = traced.get_concrete_function(tf.TensorSpec([1, 4, 6, 2])).graph
        return "DepthwiseConv2dNative" in {one.type for one in graph.get_operations()}

    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert convolves(jit=False)
    assert not convolves(jit=True)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["one"])
    assert not convolves(jit=False)


@pytest.mark.parametrize("dtype", [tf.float32, tf.bfloat16])
def test_both_ways_have_the_same_values_and_gradients(dtype):
    x = tf.cast(images(2, 6, 9, 3), dtype)
    weights = tf.cast(images(2, 6, 9, 3, seed=1), dtype)
    found = []
    for way in (
        lambda x: filters._by_products(x, 0.25),
        lambda x: filters._by_convolutions(x, 0.25, (filters.HEIGHT, filters.WIDTH)),
    ):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = way(x)
        found.append([y, tape.gradient(y, x, output_gradients=weights)])
    for one, other in zip(*found, strict=True):
        tolerance = 1e-6 if dtype == tf.float32 else 0.02  # two units of the last of eight bits
        np.testing.assert_allclose(
            tf.cast(one, tf.float32), tf.cast(other, tf.float32), 0, tolerance
        )


@pytest.mark.parametrize("filter_", FILTERS)
def test_a_gradient_may_have_lost_its_static_shape(filter_):
    """A gradient that comes out of Python code has no shape while tracing."""

    @tf.custom_gradient
    def forgetful(y):
        return tf.identity(y), lambda dy: tf.numpy_function(lambda a: a, [dy], tf.float32)

    @tf.function(autograph=False)
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = forgetful(filter_(x))
        return tape.gradient(y, x)

    ones = tf.ones([1, 4, 6, 2])
    np.testing.assert_allclose(gradient(ones), filter_(ones), atol=1e-6)


@pytest.mark.parametrize("filter_", FILTERS)
def test_dtype_and_an_unknown_batch_are_kept(filter_):
    assert filter_(tf.cast(images(1, 4, 4, 1), tf.bfloat16)).dtype == tf.bfloat16
    signature = [tf.TensorSpec([None, 4, 6, 2], tf.float32)]
    made = tf.function(filter_, input_signature=signature, autograph=False).get_concrete_function()
    assert made.output_shapes.as_list() == [None, 4, 6, 2]


@pytest.mark.parametrize("filter_", FILTERS)
@pytest.mark.parametrize(
    ("x", "message"),
    [
        (tf.zeros([4, 4]), "x must be images"),
        (tf.zeros([1, 4, 4, 1], tf.int32), "x must be of a floating dtype"),
    ],
)
def test_what_is_no_image_is_refused(filter_, x, message):
    with pytest.raises(ValueError, match=f"filters.{filter_.__name__}: {message}"):
        filter_(x)


def test_the_grid_of_a_transposed_convolution_at_its_start_is_gone():
    """An even input gives a grid with a period of two pixels, which is all that the filters see."""
    layer = Conv2DTranspose(8, 4, 4, stride=2, use_bias=False, seed=0)
    grid = layer(tf.ones([1, 8, 8, 8]))[:, 2:-2, 2:-2]
    assert np.std(grid[0, :, :, 0]) > 0.01
    np.testing.assert_allclose(np.std(blur(grid)[0, 1:-1, 1:-1, 0]), 0.0, atol=1e-6)
    corner = without_checkerboard(grid)[0, 1:-1, 1:-1, 0].numpy()
    board = np.indices(corner.shape).sum(axis=0) % 2 * 2 - 1
    np.testing.assert_allclose(np.mean(corner * board), 0.0, atol=1e-6)
