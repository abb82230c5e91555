"""Winograd's form: against the plain loops, as one form of three,
where it is used and where it is not.

(Its third derivative is in test_convolution, with those of the paths.)
"""

import numpy as np
import pytest
import reference_conv as reference
import tensorflow as tf
from conv_cases import close, derivatives, plain_gradients, traced

from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.kernels import winograd
from gan_core.nn.kernels.convolution import conv, conv_transpose, filter_gradient

pytestmark = pytest.mark.slow

# (stride, height and width of y): one tile, two either way, four; the strides that a kernel of
# twice the size allows
CASES = [(2, (4, 4)), (2, (4, 8)), (2, (8, 4)), (2, (8, 12)), (1, (4, 8)), (3, (4, 8))]
each_case = pytest.mark.parametrize(("stride", "small"), CASES, ids=str)
ENOUGH = winograd.MIN_BATCH_AND_CHANNELS
WIDE = (ENOUGH, ENOUGH)


def three(stride, small, batch=3, channels=(3, 2), dtype=np.float64, seed=0):
    """Random x, w, y whose shapes fit."""
    draw = np.random.default_rng(seed).standard_normal
    shapes = (
        (batch, *(stride * n for n in small), channels[0]),
        (2 * stride, 2 * stride, *channels),
        (batch, *small, channels[1]),
    )
    return tuple(tf.constant(draw(shape), dtype) for shape in shapes)


@each_case
def test_values_are_those_of_the_plain_loops(stride, small):
    x, w, y = three(stride, small)
    close(winograd.conv(x, w), reference.conv(x, w, stride, "SAME"), 1e-12)
    close(winograd.conv_transpose(y, w), reference.conv_transpose(y, w, stride, "SAME"), 1e-12)
    close(
        winograd.filter_gradient(x, y),
        reference.filter_gradient(x, y, 2 * stride, stride, "SAME"),
        1e-12,
    )


@each_case
def test_one_form_and_its_three_gradients(stride, small):
    """<conv(x, w), y> = <x, conv_transpose(y, w)> = <w, filter_gradient(x, y)>,
    and the gradients of each.
    """
    x, w, y = three(stride, small)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, w, y])
        forms = [
            tf.reduce_sum(winograd.conv(x, w) * y),
            tf.reduce_sum(x * winograd.conv_transpose(y, w)),
            tf.reduce_sum(w * winograd.filter_gradient(x, y)),
        ]
    want = (
        reference.conv_transpose(y, w, stride, "SAME"),
        reference.filter_gradient(x, y, 2 * stride, stride, "SAME"),
        reference.conv(x, w, stride, "SAME"),
    )
    for form in forms:
        np.testing.assert_allclose(form, forms[0], rtol=1e-10)
        for of, gradient in zip((x, w, y), want, strict=True):
            close(tape.gradient(form, of), gradient, 1e-12)


def test_five_products_make_four_outputs_of_two_taps():
    """The docstring's T, for one tile in one dimension, from its sum over j and t."""
    a, g, c = (winograd._powers(n) for n in (4, 2, 5))
    b = np.linalg.inv(c).T
    y, taps, z = (np.random.default_rng(n).standard_normal(n) for n in (4, 2, 5))
    plain = sum(y[j] * z[j + t] * taps[t] for j in range(4) for t in range(2))
    assert np.sum((b @ z) * (g @ taps) * (a @ y)) == pytest.approx(plain, rel=1e-12)
    np.testing.assert_allclose(c @ np.convolve(y, taps), (a @ y) * (g @ taps), rtol=1e-12)
    assert len(b) == 5


@pytest.mark.parametrize("name", ["conv", "conv_transpose", "filter_gradient"])
def test_second_gradients_are_the_native_ones(name):
    x, w, y = three(2, (4, 8))
    function, u, v = {
        "conv": (winograd.conv, x, w),
        "conv_transpose": (winograd.conv_transpose, y, w),
        "filter_gradient": (winograd.filter_gradient, x, y),
    }[name]
    native = {
        "conv": lambda x, w: conv(x, w, 2),
        "conv_transpose": lambda y, w: conv_transpose(y, w, 2),
        "filter_gradient": lambda x, y: filter_gradient(x, y, 4, 2),
    }[name]
    for one, other in zip(derivatives(native, u, v), derivatives(function, u, v), strict=True):
        assert np.abs(one).max() > 0
        close(other, one, 1e-12)


def test_a_gradient_may_have_lost_its_static_shape():
    """A gradient that comes out of Python code has no shape while tracing;
    the tensors have theirs all the same.
    """
    x, w, y = three(2, (4, 8))

    @tf.custom_gradient
    def forgetful(value):
        return tf.identity(value), lambda d: tf.numpy_function(lambda a: 2.0 * a, [d], tf.float64)

    for function, u, v in (
        (winograd.conv, x, w),
        (winograd.conv_transpose, y, w),
        (winograd.filter_gradient, x, y),
    ):
        lost = tf.function(
            lambda u, v, function=function: plain_gradients(
                lambda u, v: forgetful(function(u, v)), u, v
            ),
            autograph=False,
        )(u, v)
        for have, half in zip(lost, plain_gradients(function, u, v), strict=True):
            close(have, 2.0 * half, 1e-12)


def test_eager_graph_and_xla_agree_in_float32_to_rounding():
    x, w, y = three(2, (4, 4), ENOUGH, (5, 6), np.float32)

    def everything(x, w, y):
        return [
            *derivatives(winograd.conv, x, w),
            *derivatives(winograd.conv_transpose, y, w),
            *plain_gradients(winograd.filter_gradient, x, y),
        ]

    exact = everything(*(tf.cast(a, tf.float64) for a in (x, w, y)))
    for run in (
        everything,
        tf.function(everything, autograph=False),
        tf.function(everything, jit_compile=True, autograph=False),
    ):
        for have, want in zip(run(x, w, y), exact, strict=True):
            assert have.dtype == tf.float32
            close(have, want, 1e-5)


def test_in_float32_its_error_is_near_the_direct_sums():
    """Root mean square, 4,096 products summed for each output, as in D's fourth layer: 1.8 times.
    (The usual points 0, 1, -1, 2 give 2.9.) A CPU whose direct sums are more exact, because it adds
    them in parts, is held against sums of one number after the other.
    """
    x, w, _ = three(2, (4, 4), ENOUGH, (256, ENOUGH), np.float32)
    exact = conv(tf.cast(x, tf.float64), tf.cast(w, tf.float64), 2)
    error = {
        path: np.sqrt(np.mean((tf.cast(conv(x, w, 2, "SAME", path), tf.float64) - exact) ** 2))
        for path in ("native", "winograd")
    }
    products = np.random.default_rng(0).standard_normal([2, 1000, 4096]).prod(axis=0)
    one_by_one = np.cumsum(products, axis=1, dtype=np.float32)[:, -1]
    rounding = np.sqrt(np.mean((one_by_one - products.sum(axis=1)) ** 2))
    assert 0 < error["winograd"] < max(2.4 * error["native"], 1.3 * rounding)


# ---------------------------------------------------------------- where it is used


def products(function, *images):
    """{operation: output shapes} of the graph of a function and its gradients."""
    graph = traced(lambda u, v: plain_gradients(function, u, v), *(a.shape for a in images)).graph
    found = {}
    for operation in graph.get_operations():
        if operation.type.startswith(("Conv2D", "BatchMatMul")):
            found.setdefault(operation.type, []).append(operation.outputs[0].shape.as_list())
    return found


def test_each_face_is_25_products_and_no_convolution():
    x, w, y = three(2, (8, 8), ENOUGH, WIDE, np.float32)
    lifted = {
        "x": [25, 4 * ENOUGH, 4 * ENOUGH],
        "w": [25, 4 * ENOUGH, ENOUGH],
        "y": [25, 4 * ENOUGH, ENOUGH],
    }
    for function, images in (
        (lambda x, w: conv(x, w, 2, "SAME", "winograd"), (x, w)),
        (lambda y, w: conv_transpose(y, w, 2, "SAME", "winograd"), (y, w)),
        (lambda x, y: filter_gradient(x, y, 4, 2, "SAME", "winograd"), (x, y)),
    ):
        found = products(function, *images)
        assert not [name for name in found if name.startswith("Conv2D")]
        large = [shape for shapes in found.values() for shape in shapes if shape[0] == 25]
        assert sorted(large) == sorted(
            lifted.values()
        )  # value and both gradients: nothing is multiplied twice


@pytest.mark.parametrize(
    ("batch", "small", "k", "channels", "dtype"),
    [
        (ENOUGH - 1, (4, 4), 4, WIDE, np.float32),
        (ENOUGH, (16, 16), 4, WIDE, np.float32),
        (ENOUGH, (4, 6), 4, WIDE, np.float32),
        (ENOUGH, (4, 4), 3, WIDE, np.float32),
        (ENOUGH, (4, 4), 4, (ENOUGH - 1, ENOUGH), np.float32),
        (ENOUGH, (4, 4), 4, (ENOUGH, ENOUGH - 1), np.float32),
        (ENOUGH, (4, 4), 4, WIDE, "bfloat16"),
    ],
    ids=[
        "few images",
        "many pixels",
        "no whole tiles",
        "another kernel",
        "few channels in x",
        "few channels in y",
        "half precision",
    ],
)
def test_elsewhere_it_is_the_native_path_bit_for_bit(batch, small, k, channels, dtype):
    x, _, y = three(2, small, batch, channels, np.float32)
    w = np.random.default_rng(1).standard_normal((k, k, *channels))
    x, y, w = (tf.cast(a, dtype) for a in (x, y, w))
    for function in (
        lambda path: conv(x, w, 2, "SAME", path),
        lambda path: conv_transpose(y, w, 2, "SAME", path),
        lambda path: filter_gradient(x, y, k, 2, "SAME", path),
    ):
        have, want = (tf.cast(function(path), tf.float32) for path in ("winograd", "native"))
        np.testing.assert_array_equal(have, want)


def test_a_batch_that_is_unknown_while_tracing_takes_the_native_path():
    x, w, _ = three(2, (4, 4), ENOUGH, WIDE, np.float32)
    concrete = traced(lambda x, w: conv(x, w, 2, "SAME", "winograd"), [None, *x.shape[1:]], w.shape)
    assert "Conv2D" in {operation.type for operation in concrete.graph.get_operations()}
    close(concrete(x, w), winograd.conv(x, w), 1e-5)
    assert not winograd.fits(ENOUGH, 4, 4, w.shape, 2, "VALID", tf.float32)


@pytest.mark.parametrize("layer_class", [Conv2D, Conv2DTranspose])
def test_a_layer_on_a_cpu_takes_it_by_itself_and_learns_the_same(layer_class, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    x, _, y = three(2, (4, 4), ENOUGH, WIDE, np.float32)
    image = x if layer_class is Conv2D else y
    found = []
    for path in ("auto", "native"):
        layer = layer_class(ENOUGH, ENOUGH, 4, seed=0, stride=2, path=path)
        with tf.GradientTape() as tape:
            value = tf.reduce_sum(tf.sin(layer(image)))
        found.append([value, *tape.gradient(value, [layer.kernel, layer.bias])])
        graph = traced(layer, image.shape).graph
        used = {operation.type for operation in graph.get_operations()}
        assert ("BatchMatMulV2" in used) == (path == "auto")
    for one, other in zip(*found, strict=True):
        close(one, other, 1e-4)
