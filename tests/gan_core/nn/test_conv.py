"""The layers Conv2D and Conv2DTranspose: variables, casts, bias, gradients, refusals, export."""

import re

import numpy as np
import pytest
import reference_conv as reference
import tensorflow as tf

from gan_core import rng
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.initializers import glorot_normal, normal

pytestmark = pytest.mark.slow

LAYERS = {Conv2D: reference.conv, Conv2DTranspose: reference.conv_transpose}
each_layer = pytest.mark.parametrize("layer_class", LAYERS)
each_path = pytest.mark.parametrize("path", ["native", "subpixel", "auto"])


def image(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@each_path
@each_layer
def test_a_layer_is_its_function_and_a_bias(layer_class, path):
    for stride, padding in ((2, "SAME"), (1, "VALID"), (2, "VALID")):
        layer = layer_class(3, 5, 4, seed=1, stride=stride, padding=padding, path=path)
        layer.bias.assign(image(5, seed=1))
        x = image(2, 6, 4, 3)
        y = layer(x, training=True)
        want = LAYERS[layer_class](x, layer.kernel, stride, padding) + layer.bias.numpy()
        assert y.dtype == tf.float32
        np.testing.assert_allclose(y, want, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(y, layer(x))  # no difference in training


@pytest.mark.parametrize("path", ["native", "subpixel"])
@each_layer
def test_a_layer_takes_the_path_it_was_given(layer_class, path):
    """Only the native path has TensorFlow's transposed convolution,
    in the value or in the gradient.
    """
    layer = layer_class(3, 5, 4, seed=0, stride=2, path=path)

    @tf.function
    def gradient(x):
        return tf.gradients(layer(x), x)

    graph = gradient.get_concrete_function(tf.TensorSpec([2, 4, 4, 3])).graph
    assert ("Conv2DBackpropInput" in {operation.type for operation in graph.get_operations()}) == (
        path == "native"
    )


@each_layer
def test_the_variables(layer_class):
    layer = layer_class(3, 5, 4, seed=7)
    shape = [4, 4, 3, 5] if layer_class is Conv2D else [4, 4, 5, 3]
    assert layer.kernel.shape == shape
    want = glorot_normal(shape, rng.seed(7, f"{layer_class.__name__} kernel"))
    np.testing.assert_array_equal(layer.kernel, want)
    np.testing.assert_array_equal(layer.bias, np.zeros(5))
    assert [v.name.partition("/")[2] for v in (layer.kernel, layer.bias)] == ["kernel:0", "bias:0"]
    assert {v.ref() for v in layer.trainable_variables} == {layer.kernel.ref(), layer.bias.ref()}


@each_layer
def test_the_seed_and_the_initializer_make_the_kernel(layer_class):
    kernels = [layer_class(3, 5, 4, seed=seed).kernel.numpy() for seed in (0, 0, 1)]
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert np.all(kernels[0] != kernels[2])
    assert 0.018 < np.std(layer_class(16, 16, 4, seed=0, initializer=normal(0.02)).kernel) < 0.022


@each_layer
def test_without_a_bias(layer_class):
    layer = layer_class(3, 5, 4, seed=0, use_bias=False, stride=2)
    assert layer.bias is None
    assert len(layer.trainable_variables) == 1
    assert np.all(layer(np.zeros((1, 4, 4, 3))) == 0.0)


@each_path
@each_layer
def test_bfloat16_computes_coarsely_with_parameters_that_stay_fine(layer_class, path):
    fine, coarse = (
        layer_class(3, 5, 4, seed=0, stride=2, path=path, compute_dtype=dtype)
        for dtype in (tf.float32, "bfloat16")
    )
    x = tf.constant(image(2, 4, 4, 3))
    gradients = []
    for layer in (fine, coarse):
        layer.bias.assign(image(5, seed=1))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = layer(x)
            total = tf.reduce_sum(tf.square(tf.cast(y, tf.float32)))
        gradients.append(tape.gradient(total, [x, layer.kernel, layer.bias]))
    assert y.dtype == tf.bfloat16
    assert coarse.kernel.dtype == coarse.bias.dtype == tf.float32
    for one, other in zip(*gradients, strict=True):
        assert other.dtype == tf.float32
        np.testing.assert_allclose(other, one, rtol=0, atol=0.05 * np.abs(one).max())
        assert np.any(one != other)  # or it was not computed in bfloat16 at all
    np.testing.assert_allclose(tf.cast(y, tf.float32), fine(x), rtol=0, atol=0.1)


@pytest.mark.parametrize("path", ["native", "subpixel"])
def test_r1_through_a_small_discriminator_is_the_same_on_both_paths(path):
    """A gradient of a gradient, through both layers and a kink, compiled by XLA,
    against the native path in eager.
    """

    def r1_gradients(path, x):
        down = Conv2D(3, 4, 4, seed=0, stride=2, path=path)
        up = Conv2DTranspose(4, 2, 4, seed=1, stride=2, path=path)
        last = Conv2D(2, 1, 8, seed=2, padding="VALID", path=path)
        variables = [layer.kernel for layer in (down, up, last)]

        def gradients(x):
            with tf.GradientTape() as outer:
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    logits = last(tf.nn.leaky_relu(up(tf.nn.leaky_relu(down(x)))))
                penalty = tf.reduce_sum(tf.square(inner.gradient(logits, x)))
            return outer.gradient(penalty, variables)

        return gradients

    x = tf.constant(image(2, 8, 8, 3))
    want = r1_gradients("native", x)(x)
    have = tf.function(r1_gradients(path, x), jit_compile=True)(x)
    for one, other in zip(want, have, strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-5 * np.abs(one).max())


@pytest.mark.parametrize("path", ["native", "subpixel"])
def test_a_saved_model_takes_any_batch(tmp_path, path):
    """Saved with an unknown batch and used with TensorFlow alone, as a trained generator is."""
    model = tf.Module()
    model.layers = [
        Conv2DTranspose(6, 4, 4, seed=0, padding="VALID", path=path),
        Conv2DTranspose(4, 4, 4, seed=1, stride=2, path=path),
        Conv2D(4, 3, 3, seed=2, path=path),
    ]

    @tf.function(input_signature=[tf.TensorSpec([None, 6])])
    def draw(z):
        x = tf.reshape(z, [-1, 1, 1, 6])
        for layer in model.layers:
            x = layer(x)
        return x

    model.draw = draw
    tf.saved_model.save(model, str(tmp_path / "model"))
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    for batch in (1, 3):
        z = image(batch, 6)
        x = loaded.draw(tf.constant(z))
        assert x.shape == [batch, 8, 8, 3]
        np.testing.assert_allclose(x, draw(tf.constant(z)), rtol=0, atol=1e-6)


def make(layer_class=Conv2D, *sizes, **options):
    return layer_class(*(sizes or (3, 5, 4)), **{"seed": 0, **options})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda c: make(c, 0, 5, 4), "in_channels must be a whole number of at least 1, got 0."),
        (lambda c: make(c, 3, -5, 4), "out_channels must be a whole number of at least 1, got -5."),
        (lambda c: make(c, 3, 5, 0), "kernel_size must be a whole number of at least 1, got 0."),
        (
            lambda c: make(c, 3, 5, (4, 4)),
            "kernel_size must be a whole number of at least 1, got (4, 4).",
        ),
        (lambda c: make(c, stride=1.5), "stride must be a whole number of at least 1, got 1.5."),
        (lambda c: make(c, stride=0), "stride must be a whole number of at least 1, got 0."),
        (
            lambda c: make(c, stride=5),
            "kernel_size must be at least the stride 5, got 4. "
            "A smaller kernel leaves pixels unread.",
        ),
        (lambda c: make(c, padding="same"), "padding must be one of SAME, VALID, got 'same'."),
        (
            lambda c: make(c, path="fast"),
            "path must be one of auto, native, subpixel, winograd, got 'fast'.",
        ),
        (
            lambda c: make(c, compute_dtype=tf.float64),
            "compute_dtype must be one of float32, bfloat16, got 'float64'.",
        ),
        (
            lambda c: make(c, compute_dtype="half a float"),
            "compute_dtype must be one of float32, bfloat16, got 'half a float'.",
        ),
        (
            lambda c: make(c, 5, 5, 4, initializer=lambda shape, seed: tf.zeros(shape, tf.float64)),
            "what initializer gives must be [4, 4, 5, 5] of float32, got [4, 4, 5, 5] of float64.",
        ),
        (
            lambda c: make(c, 5, 5, 4, initializer=lambda shape, seed: tf.zeros(shape[1:])),
            "what initializer gives must be [4, 4, 5, 5], got [4, 5, 5].",
        ),
        (
            lambda c: make(c)(image(2, 4, 4, 4)),
            "x must be [batch, height, width, 3], got [2, 4, 4, 4].",
        ),
        (lambda c: make(c)(image(4, 4, 3)), "x must be [batch, height, width, 3], got [4, 4, 3]."),
        (
            lambda c: make(c)(np.zeros((2, 4, 4, 3), np.uint8)),
            "x must be of a floating dtype, got uint8.",
        ),
    ],
)
@each_layer
def test_what_does_not_fit_is_refused(layer_class, call, words):
    with pytest.raises(ValueError, match=f"^{layer_class.__name__}: {re.escape(words)}$"):
        call(layer_class)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: make(stride=2)(image(2, 5, 4, 3)),
            "Conv2D: x's height must be a multiple of the stride 2 (padding SAME), got 5.",
        ),
        (
            lambda: make(stride=2, padding="VALID")(image(2, 4, 5, 3)),
            "Conv2D: x's width must be 4 plus a multiple of the stride 2 (padding VALID), got 5. "
            "The pixels left over would go unread.",
        ),
        (
            lambda: make(padding="VALID")(image(2, 3, 4, 3)),
            "Conv2D: x's height must be at least the kernel's 4 (padding VALID), got 3.",
        ),
        (
            lambda: make(Conv2DTranspose)(image(2, 0, 4, 3)),
            "Conv2DTranspose: x's height must be known and at least 1, got 0.",
        ),
        (
            lambda: make()(image(0, 4, 4, 3)),
            "Conv2D: x must be a batch of at least one image, got [0, 4, 4, 3].",
        ),
        (
            lambda: make(Conv2DTranspose)(image(0, 4, 4, 3)),
            "Conv2DTranspose: x must be a batch of at least one image, got [0, 4, 4, 3].",
        ),
    ],
)
def test_sizes_that_do_not_fit_are_refused(call, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        call()
